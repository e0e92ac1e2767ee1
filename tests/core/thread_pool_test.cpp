#include "headformer/core/thread_pool.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace headformer {
namespace {

class ThreadPoolOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolOf, testing::Values(1, 2, 3, 4));

/// Sums 0 ... n-1 with the pool; used to see that it works.
Index parallel_sum(Executor& executor, Index n) {
  std::vector<Index> values(static_cast<std::size_t>(n));
  parallel_for(executor, n, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) values[static_cast<std::size_t>(i)] = i;
  });
  return std::accumulate(values.begin(), values.end(), Index{0});
}

TEST_P(ThreadPoolOf, CallsEachWorkerOnce) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.size(), GetParam());
  std::vector<int> calls(static_cast<std::size_t>(GetParam()), 0);
  for (int round = 1; round <= 2000; ++round) {
    pool.run([&](int worker) { ++calls[static_cast<std::size_t>(worker)]; });
    ASSERT_EQ(calls, std::vector<int>(calls.size(), round));
  }
}

TEST_P(ThreadPoolOf, TheCallerIsWorkerZeroAndThreadsStay) {
  ThreadPool pool(GetParam());
  std::vector<std::thread::id> first(static_cast<std::size_t>(GetParam()));
  std::vector<std::thread::id> second(first.size());
  pool.run([&](int worker) { first[static_cast<std::size_t>(worker)] = std::this_thread::get_id(); });
  pool.run([&](int worker) { second[static_cast<std::size_t>(worker)] = std::this_thread::get_id(); });
  EXPECT_EQ(first, second) << "the same worker number is the same thread";
  EXPECT_EQ(first[0], std::this_thread::get_id());
  EXPECT_EQ(std::set<std::thread::id>(first.begin(), first.end()).size(), first.size());
}

TEST_P(ThreadPoolOf, WorksAfterSleep) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(parallel_sum(pool, 1000), 499500);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST_P(ThreadPoolOf, AnyWorkersExceptionReachesTheCaller) {
  ThreadPool pool(GetParam());
  for (int thrower = 0; thrower < GetParam(); ++thrower) {
    std::atomic<int> finished{0};
    try {
      pool.run([&](int worker) {
        if (worker == thrower) throw std::runtime_error("worker " + std::to_string(worker));
        ++finished;
      });
      FAIL() << "expected an exception";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), "worker " + std::to_string(thrower));
    }
    EXPECT_EQ(finished, GetParam() - 1) << "run() waits for all, also when one throws";
    EXPECT_EQ(parallel_sum(pool, 100), 4950) << "the pool still works";
  }
  EXPECT_THROW(pool.run([](int) { throw std::out_of_range("all"); }), std::out_of_range);
  EXPECT_EQ(parallel_sum(pool, 100), 4950);
}

TEST_P(ThreadPoolOf, UsesNoProcessorWhenIdle) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(parallel_sum(pool, 1000), 499500);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // past the short spin after a run
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double before = used();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(used() - before, 0.02) << "seconds of processor time in 0.2 s";
}

TEST_P(ThreadPoolOf, StartsAndStopsQuickly) {
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool(GetParam());
    if (i % 2 == 0) {
      EXPECT_EQ(parallel_sum(pool, 10), 45);
    }
  }
}

TEST_P(ThreadPoolOf, TwoPoolsRunSideBySide) {
  std::atomic<int> failures{0};
  const auto use = [&] {
    ThreadPool pool(GetParam());
    for (int round = 0; round < 300; ++round) {
      if (parallel_sum(pool, 500) != 124750) ++failures;
    }
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(failures, 0);
}

TEST_P(ThreadPoolOf, OnePoolInsideAnothersTask) {
  ThreadPool outer(2);
  std::atomic<Index> total{0};
  outer.run([&](int) {
    ThreadPool inner(GetParam());
    total += parallel_sum(inner, 100);
  });
  EXPECT_EQ(total, 2 * 4950);
}

/// Runs `child` in a forked process and returns its exit status, or -1 when it was killed or did not end in 20 s.
template <class Function>
int status_of_fork(Function child) {
  const pid_t process = ::fork();
  if (process == 0) {
    ::alarm(20);  // a hang becomes a signal
    ::_exit(child());
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_P(ThreadPoolOf, WorksInAForkedChild) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(parallel_sum(pool, 1000), 499500);
  const int status = status_of_fork([&] {
    for (int round = 0; round < 10; ++round) {
      if (parallel_sum(pool, 1000) != 499500) return 2;
    }
    // A grandchild starts threads of its own again.
    return status_of_fork([&] { return parallel_sum(pool, 1000) == 499500 ? 0 : 3; });
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(parallel_sum(pool, 1000), 499500) << "the parent's pool is untouched";
}

TEST_P(ThreadPoolOf, AForkedChildMayDestroyItUnused) {
  auto pool = std::make_unique<ThreadPool>(GetParam());
  EXPECT_EQ(parallel_sum(*pool, 1000), 499500);
  EXPECT_EQ(status_of_fork([&] {
              pool.reset();
              return 0;
            }),
            0);
  EXPECT_EQ(parallel_sum(*pool, 1000), 499500);
}

/// Threads of this process.
std::size_t thread_count() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(ThreadPool, StartsAsManyThreadsAsItSaysAndNoneForOne) {
  const std::size_t before = thread_count();
  ThreadPool one(1);
  EXPECT_EQ(parallel_sum(one, 1000), 499500);
  EXPECT_EQ(thread_count(), before);
  ThreadPool three(3);
  EXPECT_EQ(thread_count(), before + 2);
}

TEST(ThreadPool, PinnedThreadsStayOnOneProcessorAndTheCallerIsLeftAlone) {
  cpu_set_t before;
  CPU_ZERO(&before);
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  for (const Pinning pinning : {Pinning::none, Pinning::each}) {
    ThreadPool pool(3, pinning);
    int processors[3] = {};
    pool.run([&](int worker) {
      cpu_set_t mine;
      CPU_ZERO(&mine);
      if (::sched_getaffinity(0, sizeof mine, &mine) == 0) processors[worker] = CPU_COUNT(&mine);
    });
    const int all = CPU_COUNT(&before);
    EXPECT_EQ(processors[0], all);
    EXPECT_EQ(processors[1], pinning == Pinning::each ? 1 : all);
    EXPECT_EQ(processors[2], pinning == Pinning::each ? 1 : all);
    EXPECT_EQ(parallel_sum(pool, 1000), 499500);
  }
}

TEST(ThreadPool, SizeFollowsTheAffinityMask) {
  EXPECT_GE(ThreadPool::available_processors(), 1);
  EXPECT_EQ(ThreadPool().size(), ThreadPool::available_processors());
  cpu_set_t before;
  CPU_ZERO(&before);
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before)) {
      CPU_SET(i, &one);
      break;
    }
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(ThreadPool::available_processors(), 1);
  // More workers than processors still get on.
  ThreadPool pool(4);
  EXPECT_EQ(parallel_sum(pool, 1000), 499500);
  ::sched_setaffinity(0, sizeof before, &before);
}

}  // namespace
}  // namespace headformer

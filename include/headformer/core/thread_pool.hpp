#pragma once

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "headformer/core/executor.hpp"

#if HEADFORMER_X86
#include <immintrin.h>
#endif

namespace headformer {

/// A fork-join pool: the caller is worker 0; the others spin for a short while after each run (so that the next
/// layer's work starts within a microsecond) and then sleep in the kernel, using no CPU.
///
/// fork(): the child inherits a pool without its threads; it notices at its next run() and starts new ones. (A fork
/// while another thread is inside run() leaves the child's pool unusable, as it would any mutex.)
class ThreadPool final : public Executor {
 public:
  /// `threads`: workers, the caller included; 0 means one for each processor this process may use. 1 starts no thread.
  explicit ThreadPool(int threads = 0) : size_(threads > 0 ? threads : available_processors()) {
    if (size_ > 1) start();
  }
  ~ThreadPool() override { stop(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const override { return size_; }

  void run(FunctionRef<void(int)> task) override {
    if (size_ == 1) {
      task(0);
      return;
    }
    if (crew_->forked()) {
      static_cast<void>(
          crew_.release());  // its threads exist in the parent only: joining or freeing them here is undefined
      start();
    }
    crew_->run(task);
  }

  /// Processors in this process's affinity mask.
  static int available_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }

 private:
  /// A page that the kernel empties in a forked child, which tells parent and child apart without a system call.
  class ForkMark {
   public:
    ForkMark() {
      void* page = ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (page == MAP_FAILED) return;
      if (::madvise(page, page_size, MADV_WIPEONFORK) != 0) {
        ::munmap(page, page_size);
        return;
      }
      mark_ = static_cast<volatile char*>(page);
      *mark_ = 1;
    }
    ~ForkMark() {
      if (mark_ != nullptr) ::munmap(const_cast<char*>(mark_), page_size);
    }
    ForkMark(const ForkMark&) = delete;
    ForkMark& operator=(const ForkMark&) = delete;
    bool forked() const { return mark_ != nullptr ? *mark_ == 0 : ::getpid() != process_; }

   private:
    static constexpr std::size_t page_size = 4096;
    volatile char* mark_ = nullptr;
    pid_t process_ = ::getpid();
  };

  /// The threads and the words they meet at.
  class Crew {
   public:
    explicit Crew(int size) : size_(size) {
      threads_.reserve(static_cast<std::size_t>(size - 1));
      try {
        for (int worker = 1; worker < size; ++worker) threads_.emplace_back([this, worker] { work(worker); });
      } catch (...) {
        dismiss();
        throw;
      }
    }
    ~Crew() { dismiss(); }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    bool forked() const { return mark_.forked(); }

    void run(FunctionRef<void(int)> task) {
      task_ = &task;
      pending_.store(size_ - 1, std::memory_order_relaxed);
      generation_.fetch_add(1, std::memory_order_release);
      generation_.notify_all();
      call(0);
      for (int spins = 0; pending_.load(std::memory_order_acquire) != 0; ++spins) {
        if (spins < spin_limit) {
          pause();
        } else {
          std::this_thread::yield();
        }
      }
      if (failed_.load(std::memory_order_relaxed)) {
        failed_.store(false, std::memory_order_relaxed);
        std::rethrow_exception(std::exchange(exception_, nullptr));
      }
    }

   private:
    static constexpr int spin_limit = 4000;  // about 50 to 100 microseconds

    static void pause() {
#if HEADFORMER_X86
      _mm_pause();
#endif
    }

    void call(int worker) {
      try {
        (*task_)(worker);
      } catch (...) {
        const std::lock_guard lock(exception_mutex_);
        if (!exception_) exception_ = std::current_exception();
        failed_.store(true, std::memory_order_relaxed);
      }
    }

    void work(int worker) {
      std::uint32_t seen = 0;
      for (;;) {
        int spins = 0;
        std::uint32_t now = generation_.load(std::memory_order_acquire);
        while (now == seen) {
          if (++spins < spin_limit) {
            pause();
          } else {
            generation_.wait(seen, std::memory_order_acquire);
          }
          now = generation_.load(std::memory_order_acquire);
        }
        seen = now;
        if (dismissed_.load(std::memory_order_relaxed)) return;
        call(worker);
        pending_.fetch_sub(1, std::memory_order_release);
      }
    }

    void dismiss() {
      dismissed_.store(true, std::memory_order_relaxed);
      generation_.fetch_add(1, std::memory_order_release);
      generation_.notify_all();
      for (std::thread& thread : threads_) thread.join();
    }

    int size_;
    ForkMark mark_;
    FunctionRef<void(int)>* task_ = nullptr;
    std::mutex exception_mutex_;
    std::exception_ptr exception_;
    alignas(64) std::atomic<std::uint32_t> generation_{0};
    alignas(64) std::atomic<int> pending_{0};
    std::atomic<bool> failed_{false};
    std::atomic<bool> dismissed_{false};
    std::vector<std::thread> threads_;
  };

  void start() { crew_ = std::make_unique<Crew>(size_); }
  void stop() {
    if (crew_ && crew_->forked()) static_cast<void>(crew_.release());
    crew_.reset();
  }

  int size_;
  std::unique_ptr<Crew> crew_;
};

}  // namespace headformer

#pragma once

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "headformer/core/executor.hpp"

namespace headformer {

/// Whether a pool's own threads stay each on a processor of its own.
enum class Pinning : std::uint8_t {
  none,  ///< the system moves them as it likes
  each,  ///< worker i stays on the i-th processor this process may use; the caller, worker 0, is left alone
};

/// A fork-join pool: the caller is worker 0; the others spin for a short while after each run (so that the next
/// layer's work starts within a microsecond) and then sleep in the kernel, using no CPU.
///
/// fork(): the child inherits a pool without its threads; it notices at its next run() and starts new ones. (A fork
/// while another thread is inside run() leaves the child's pool unusable, as it would any mutex.)
class ThreadPool final : public Executor {
 public:
  /// `threads`: workers, the caller included; 0 means one for each processor this process may use. 1 starts no thread.
  explicit ThreadPool(int threads = 0, Pinning pinning = Pinning::none)
      : size_(threads > 0 ? threads : available_processors()), pinning_(pinning) {
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
    Crew(int size, Pinning pinning) : size_(size), pinning_(pinning) {
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
      for (Spin spin; pending_.load(std::memory_order_acquire) != 0;) {
        if (!spin.once()) std::this_thread::yield();
      }
      if (failed_.load(std::memory_order_relaxed)) {
        failed_.store(false, std::memory_order_relaxed);
        std::rethrow_exception(std::exchange(exception_, nullptr));
      }
    }

   private:
    /// Waits a moment, again and again, until that has taken longer than going to sleep and waking would.
    class Spin {
     public:
      /// False when it is time to do something else. A pause takes 10 to 150 cycles, so the clock decides, but rarely
      /// looked at.
      bool once() {
#if HEADFORMER_X86
        __builtin_ia32_pause();
#endif
        if (++count_ % 64 != 0) return true;
        const auto now = std::chrono::steady_clock::now();
        if (count_ == 64) begin_ = now;
        return now - begin_ < std::chrono::microseconds(70);
      }

     private:
      std::uint32_t count_ = 0;
      std::chrono::steady_clock::time_point begin_{};
    };

    /// Leaves the calling thread where it is when that does not work.
    static void pin_to(int worker) {
      cpu_set_t allowed;
      CPU_ZERO(&allowed);
      if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
      int skip = worker % std::max(1, CPU_COUNT(&allowed));
      for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
        if (!CPU_ISSET(processor, &allowed) || skip-- > 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        static_cast<void>(::sched_setaffinity(0, sizeof one, &one));
        return;
      }
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
      if (pinning_ == Pinning::each) pin_to(worker);
      std::uint32_t seen = 0;
      for (;;) {
        std::uint32_t now = generation_.load(std::memory_order_acquire);
        for (Spin spin; now == seen; now = generation_.load(std::memory_order_acquire)) {
          if (!spin.once()) generation_.wait(seen, std::memory_order_acquire);
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
    Pinning pinning_;
    ForkMark mark_;
    std::mutex exception_mutex_;
    std::exception_ptr exception_;
    // What a run begins with shares a cache line, which a worker then waits for once.
    alignas(64) std::atomic<std::uint32_t> generation_{0};
    FunctionRef<void(int)>* task_ = nullptr;
    alignas(64) std::atomic<int> pending_{0};
    std::atomic<bool> failed_{false};
    std::atomic<bool> dismissed_{false};
    std::vector<std::thread> threads_;
  };

  void start() { crew_ = std::make_unique<Crew>(size_, pinning_); }
  void stop() {
    if (crew_ && crew_->forked()) static_cast<void>(crew_.release());
    crew_.reset();
  }

  int size_;
  Pinning pinning_;
  std::unique_ptr<Crew> crew_;
};

}  // namespace headformer

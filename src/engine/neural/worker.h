// SPDX-License-Identifier: Apache-2.0
// A thread that does what waits, one after the other. Work is an object that is asked to go on; it may be posted again
// while it waits, which counts once.
//
//   Worker worker;
//   worker.post(task);                       // [any thread]; allocates only while more wait than ever before
//
// Closing: the destructor lets the task in hand finish and drops the rest.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace avatar::neural {

class Task {
 public:
  virtual ~Task() = default;
  /// On the worker's thread, never twice at once.
  virtual void go_on() = 0;

 private:
  friend class Worker;
  bool is_posted_ = false;  // guarded by the worker's mutex
};

class Worker final {
 public:
  Worker() {
    tasks_.reserve(64);
    thread_ = std::thread([this] { work(); });  // last: it uses the rest
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void post(std::shared_ptr<Task> task) {
    {
      const std::lock_guard lock(mutex_);
      if (task->is_posted_ || is_over_) return;
      task->is_posted_ = true;
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return is_over_ || !tasks_.empty(); });
      if (is_over_) return;
      const std::shared_ptr<Task> task = std::move(tasks_.front());
      tasks_.erase(tasks_.begin());
      task->is_posted_ = false;  // what comes from now on needs another turn
      lock.unlock();
      task->go_on();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Task>> tasks_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace avatar::neural

// SPDX-License-Identifier: Apache-2.0
// A thread that does what waits, one after the other. Work is an object that is asked to go on; it may be posted again
// while it waits, which counts once.
//
//   Worker worker(10s);
//   worker.tasks()->post(task);              // [any thread]; allocates only while more wait than ever before
//
// Closing: the destructor lets the task in hand finish and drops the rest. A task that does not end in time is given
// up: its thread is left to itself, so a task owns what it touches.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"

namespace avatar::neural {

class Task {
 public:
  virtual ~Task() = default;
  /// On the worker's thread, never twice at once.
  virtual void go_on() = 0;

 private:
  friend class Tasks;
  bool is_posted_ = false;  // guarded by the tasks' mutex
};

/// What waits for a worker. Outlives it where somebody still holds it; then nothing is done any more.
class Tasks final {
 public:
  Tasks() { waiting_.reserve(64); }

  void post(std::shared_ptr<Task> task) {
    {
      const std::lock_guard lock(mutex_);
      if (task->is_posted_ || is_over_) return;
      task->is_posted_ = true;
      waiting_.push_back(std::move(task));
    }
    changed_.notify_all();
  }

 private:
  friend class Worker;

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
      if (is_over_) break;
      std::shared_ptr<Task> task = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      task->is_posted_ = false;  // what comes from now on needs another turn
      lock.unlock();
      task->go_on();
      task.reset();
      lock.lock();
    }
    has_ended_ = true;
    changed_.notify_all();
  }

  // Whether the work ends in time; 0: it is waited for.
  bool close(std::chrono::milliseconds limit) {
    std::vector<std::shared_ptr<Task>> dropped;  // after the lock
    std::unique_lock lock(mutex_);
    is_over_ = true;
    dropped.swap(waiting_);
    changed_.notify_all();
    return limit.count() == 0 || changed_.wait_for(lock, limit, [this] { return has_ended_; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Task>> waiting_;
  bool is_over_ = false, has_ended_ = false;
};

class Worker final {
 public:
  /// `limit`: how long the destructor waits for the task in hand; 0: for ever.
  explicit Worker(std::chrono::milliseconds limit = {}) : limit_(limit), thread_([tasks = tasks_] { tasks->work(); }) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (tasks_->close(limit_)) {
      thread_.join();
    } else {
      log(LogLevel::warning, "the neural engine leaves work behind that does not end");
      thread_.detach();
    }
  }

  [[nodiscard]] const std::shared_ptr<Tasks>& tasks() const { return tasks_; }

 private:
  const std::shared_ptr<Tasks> tasks_ = std::make_shared<Tasks>();
  const std::chrono::milliseconds limit_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace avatar::neural

// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/painter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace avatar::neural {
namespace {

constexpr size_t kMostJobs = 1024;  // room for; more only cost memory

// What a picture of several may differ from the same drawn alone, on average: half precision gives 1/1000.
constexpr double kSame = 0.02;

std::string words(std::chrono::milliseconds t) {
  return t.count() % 1000 == 0 ? std::to_string(t.count() / 1000) + " s" : std::to_string(t.count()) + " ms";
}

// Whether `chain` draws `count` pictures as `alone` draws each. It warms it up, too: where engines are compiled for
// each size, a session would wait for that.
Result<void> try_together(const Networks& networks, Networks::PictureChain& chain, size_t count,
                          Networks::PictureChain& alone) {
  constexpr size_t kSeen = size_t{3} * 256 * 256;
  std::vector<float> ramp(kSeen);
  for (size_t i = 0; i < kSeen; ++i) ramp[i] = static_cast<float>(i % 256) / 255;
  auto seen = networks.look_at(ramp);
  if (!seen) return seen.error();
  std::vector<Painter::Order> orders(count);
  for (size_t i = 0; i < count; ++i) {
    orders[i].features = seen->features;
    orders[i].driving.fill(0.1F * static_cast<float>(i));
  }
  if (auto done = chain.draw(orders); !done) return done;
  for (size_t i = 0; i < count; ++i) {
    if (auto done = alone.draw({&orders[i], 1}); !done) return done;
    const auto together = chain.picture(i), by_itself = alone.picture(0);
    double sum = 0;
    for (size_t k = 0; k < together.size(); ++k) sum += std::fabs(together[k] - by_itself[k]);
    if (!(sum <= kSame * static_cast<double>(together.size()))) {
      return Error{ErrorKind::invalid, "they draw other pictures together than alone"};
    }
  }
  return {};
}

}  // namespace

// What ticks and lanes share. All under one mutex; a lane lets go of it while the networks run.
class Painter::Desk {
 public:
  Desk(std::shared_ptr<const Networks> networks, const PainterSettings& settings, std::vector<Lane> lanes)
      : settings_(settings), networks_(std::move(networks)), lanes_(std::move(lanes)) {
    jobs_.reserve(kMostJobs);
  }

  Result<void> draw(const Order& order, std::span<float> picture);
  void work(size_t lane);
  /// Whether the lanes will end; otherwise one hangs.
  bool close();

  void join() {
    const std::lock_guard lock(mutex_);
    ++sessions_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --sessions_;
    is_making_room_ = false;
  }
  bool makes_room() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(is_making_room_, true);
  }
  Figures figures() const {
    const std::lock_guard lock(mutex_);
    return figures_;
  }

 private:
  struct Job {
    const Order* order;
    std::span<float> picture;
    bool is_taken = false, is_done = false;
    std::chrono::steady_clock::time_point taken_at{};
    Result<void> result{};
  };
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] size_t waiting() const {
    return static_cast<size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const Job* j) { return !j->is_taken; }));
  }
  void run(Lane& lane, Lock& lock);
  void run_alone(Networks::PictureChain& chain, std::span<Job* const> jobs, Lock& lock);
  static void hand_over(const Networks::PictureChain& chain, size_t index, Job& job) {
    const auto drawn = chain.picture(index);
    CHECK(drawn.size() == job.picture.size());
    std::copy(drawn.begin(), drawn.end(), job.picture.begin());
  }

  const PainterSettings settings_;
  const std::shared_ptr<const Networks> networks_;  // outlive the lanes
  std::vector<Lane> lanes_;                         // each its thread's
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Job*> jobs_;
  int sessions_ = 0;
  int running_ = 0;              // runs
  bool is_alone_ = false;        // somebody runs, or is about to run, with nothing beside it
  bool is_making_room_ = false;  // somebody was refused and has not left yet
  bool is_over_ = false;
  std::optional<Error> lost_;  // a run hangs: jobs are no longer touched
  Figures figures_;
};

Result<void> Painter::Desk::draw(const Order& order, std::span<float> picture) {
  Job job{&order, picture};
  Lock lock(mutex_);
  jobs_.push_back(&job);
  changed_.notify_all();
  while (!job.is_done && !lost_) {
    if (settings_.limit.count() == 0 || !job.is_taken) {
      changed_.wait(lock);
    } else if (changed_.wait_until(lock, job.taken_at + settings_.limit) == std::cv_status::timeout && !job.is_done &&
               std::chrono::steady_clock::now() >= job.taken_at + settings_.limit && !lost_) {
      lost_ = Error{ErrorKind::internal, "a picture did not come for " + words(settings_.limit)};
      changed_.notify_all();
    }
  }
  std::erase(jobs_, &job);
  return job.is_done ? job.result : *lost_;
}

void Painter::Desk::work(size_t lane) {
  Lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_over_ || lost_ || (waiting() > 0 && !is_alone_); });
    if (is_over_ || lost_) return;
    run(lanes_[lane], lock);
  }
}

bool Painter::Desk::close() {
  const std::lock_guard lock(mutex_);
  is_over_ = true;
  changed_.notify_all();
  return !lost_;
}

// Draws what waits, at most what one run takes; first waits a little for more, if more may come.
void Painter::Desk::run(Lane& lane, Lock& lock) {
  const auto most = static_cast<size_t>(1) << (lane.size() - 1);
  if (most > 1) {
    changed_.wait_for(lock, settings_.patience, [&] {
      return lost_ || waiting() >= std::min(most, static_cast<size_t>(std::max(1, sessions_)));
    });
    changed_.wait(lock, [this] { return lost_ || !is_alone_; });
    if (lost_) return;
  }
  // The largest run that is full.
  size_t size = most;
  while (size > 1 && size > waiting()) size /= 2;
  std::array<Job*, kMostPictures> taken{};
  std::array<Order, kMostPictures> orders{};
  size_t count = 0;
  for (Job* job : jobs_) {
    if (job->is_taken || count == size) continue;
    job->is_taken = true;
    job->taken_at = std::chrono::steady_clock::now();
    taken[count] = job;
    orders[count++] = *job->order;
  }
  if (count == 0) return;  // another lane was faster
  CHECK(count == size);
  size_t index = 0;
  while (size_t{1} << index < count) ++index;
  changed_.notify_all();  // who waits for these has a time from now on
  ++running_;
  lock.unlock();
  const auto done = lane[index]->draw({orders.data(), count});
  lock.lock();
  --running_;
  ++figures_.runs;
  figures_.pictures += static_cast<int64_t>(count);
  if (lost_) return;
  for (size_t i = 0; i < count; ++i) {
    taken[i]->result = done;
    if (done) hand_over(*lane[index], i, *taken[i]);
  }
  if (!done && done.error().kind == ErrorKind::busy) run_alone(*lane[0], {taken.data(), count}, lock);
  if (lost_) return;
  for (size_t i = 0; i < count; ++i) taken[i]->is_done = true;
  changed_.notify_all();
}

// Tries them again, one by one, when no other run takes memory.
void Painter::Desk::run_alone(Networks::PictureChain& chain, std::span<Job* const> jobs, Lock& lock) {
  changed_.notify_all();  // this run is over: another may have waited for that
  changed_.wait(lock, [this] { return lost_ || !is_alone_; });
  is_alone_ = true;
  changed_.wait(lock, [this] { return lost_ || running_ == 0; });
  for (Job* job : jobs) {
    if (lost_) return;
    const Order order = *job->order;
    job->taken_at = std::chrono::steady_clock::now();
    lock.unlock();
    auto done = chain.draw({&order, 1});
    lock.lock();
    if (lost_) return;
    if (done) hand_over(chain, 0, *job);
    if (!done && done.error().kind == ErrorKind::busy && std::exchange(is_making_room_, true)) {
      done = Error{ErrorKind::unavailable, "the card's memory is full until another session has ended"};
    }
    job->result = std::move(done);
  }
  is_alone_ = false;
  changed_.notify_all();
}

Painter::Painter(std::shared_ptr<const Networks> networks, std::shared_ptr<Desk> desk)
    : networks_(std::move(networks)), desk_(std::move(desk)) {}

Result<std::unique_ptr<Painter>> Painter::make(std::shared_ptr<const Networks> networks,
                                               const PainterSettings& settings, const MakeChain& chains) {
  const auto make_chain = [&](int batch) { return chains ? chains(batch) : networks->pictures(batch); };
  int most = networks->can_batch() ? std::clamp(settings.most, 1, kMostPictures) : 1;
  std::vector<Lane> lanes(static_cast<size_t>(std::max(1, settings.lanes)));
  for (Lane& lane : lanes) {
    for (int batch = 1; batch <= most; batch *= 2) {
      auto chain = make_chain(batch);
      Result<void> tried;
      if (!chain) {
        tried = chain.error();
      } else if (batch > 1 && &lane == lanes.data()) {
        tried = try_together(*networks, **chain, static_cast<size_t>(batch), *lane[0]);
      }
      if (!tried && batch == 1) return tried.error();
      if (!tried) {
        log(LogLevel::warning, "networks draw fewer pictures at a time than they say",
            {{"pictures", std::to_string(batch)}, {"reason", tried.error().message}});
        most = batch / 2;
        break;
      }
      lane.push_back(std::move(*chain));
    }
  }
  const size_t count = lanes.size();
  const auto desk = std::make_shared<Desk>(networks, settings, std::move(lanes));
  std::unique_ptr<Painter> painter(new Painter(std::move(networks), desk));
  for (size_t lane = 0; lane < count; ++lane) painter->threads_.emplace_back([desk, lane] { desk->work(lane); });
  return painter;
}

Painter::~Painter() {
  const bool will_end = desk_->close();
  for (std::thread& thread : threads_) {
    if (will_end) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

Result<void> Painter::draw(const Order& order, std::span<float> picture) { return desk_->draw(order, picture); }
void Painter::join() { desk_->join(); }
void Painter::leave() { desk_->leave(); }
bool Painter::makes_room() { return desk_->makes_room(); }
Painter::Figures Painter::figures() const { return desk_->figures(); }

}  // namespace avatar::neural

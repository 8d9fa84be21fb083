// SPDX-License-Identifier: Apache-2.0
#include "stream/whep_sink.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

namespace avatar {
namespace {

constexpr MediaTime kBetweenKeys = MediaTime::from_ms(500);   // for those who lost pictures
constexpr MediaTime kBetweenRates = MediaTime::from_ms(250);  // feedback comes every 50 to 100 ms
constexpr MediaTime kPause = MediaTime::from_ms(2000);        // of a viewer who is left behind
constexpr double kRateStep = 0.05;                            // smaller changes are not worth the encoder's while

std::string new_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    std::array<char, 9> word;
    std::snprintf(word.data(), word.size(), "%08x", static_cast<unsigned>(random()));
    id += word.data();
  }
  return id;
}

bool is_watching(const WebrtcPeer& peer) { return peer.state() == WebrtcPeer::State::connected; }

}  // namespace

WhepSink::WhepSink(const WhepSettings& settings, WebrtcTransport& transport)
    : settings_(settings), transport_(transport) {
  viewers_.reserve(settings_.most_viewers);
}

WhepSink::~WhepSink() {
  for (auto& viewer : viewers_) transport_.close_soon(std::move(viewer.peer));
}

// One that is encoded already, if the viewer takes it; else H.264, which costs less.
VideoCodec WhepSink::choose(const WhepOffer& offer) const {
  for (const bool running : {true, false}) {
    for (const auto codec : {VideoCodec::h264, VideoCodec::vp8}) {
      if (offer.offers(codec) && (!running || lanes_[static_cast<size_t>(codec)].encoder)) return codec;
    }
  }
  return VideoCodec::h264;  // it wants no pictures
}

Result<WhepSink::NewViewer> WhepSink::add_viewer(std::string_view text) {
  auto offer = WhepOffer::parse(text);
  if (!offer) return offer.error();
  VideoCodec codec;
  {
    const std::lock_guard lock(mutex_);
    if (is_finished_) return Error{ErrorKind::not_found, "this session has ended"};
    if (viewers_.size() + being_added_ >= settings_.most_viewers) {
      return Error{ErrorKind::busy, "this session has as many viewers as it may"};
    }
    codec = choose(*offer);
    ++being_added_;
  }
  auto opened = transport_.open(*offer, codec);

  std::unique_lock lock(mutex_);
  --being_added_;
  if (!opened) return opened.error();
  auto refuse = [&](Error why) {
    lock.unlock();
    transport_.close_soon(std::move(opened->peer));
    return why;
  };
  if (is_finished_) return refuse({ErrorKind::not_found, "this session has ended"});
  Lane& lane = lanes_[static_cast<size_t>(codec)];
  if (offer->has_picture() && !lane.encoder) {
    lane.bitrate_bps = std::min(RateController::kStartBps, settings_.max_bitrate_bps);
    auto made = make_live_encoder(codec, settings_.width, settings_.height, settings_.fps, lane.bitrate_bps);
    if (!made) return refuse(made.error());
    lane.encoder = std::move(*made);
    lane.last_key.reset();
  }
  if (offer->has_sound() && !audio_) {
    auto made = AudioEncoder::create();
    if (!made) return refuse(made.error());
    audio_.emplace(std::move(*made));
  }
  Viewer viewer{.id = new_id(),
                .codec = codec,
                .peer = std::move(opened->peer),
                .rate = RateController(settings_.max_bitrate_bps),
                .link = {},
                .needs_key = true,
                .paused_until = {}};
  NewViewer added{viewer.id, std::move(opened->answer)};
  viewers_.push_back(std::move(viewer));
  return added;
}

std::vector<WhepSink::Viewer>::iterator WhepSink::find(std::string_view id) {
  return std::find_if(viewers_.begin(), viewers_.end(), [&](const Viewer& viewer) { return viewer.id == id; });
}

Result<void> WhepSink::add_candidates(std::string_view id, std::string_view fragment) {
  const std::lock_guard lock(mutex_);
  const auto viewer = find(id);
  if (viewer == viewers_.end()) return Error{ErrorKind::not_found, "there is no such viewer, or it has gone"};
  viewer->peer->add_candidates(fragment);
  return {};
}

Result<void> WhepSink::remove_viewer(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto viewer = find(id);
  if (viewer == viewers_.end()) return Error{ErrorKind::not_found, "there is no such viewer, or it has gone"};
  transport_.close_soon(std::move(viewer->peer));
  viewers_.erase(viewer);
  drop_idle_encoders();
  return {};
}

WhepSink::Figures WhepSink::figures() const {
  const std::lock_guard lock(mutex_);
  Figures now = figures_;
  now.viewers = viewers_.size();
  for (const auto& viewer : viewers_) now.watching += is_watching(*viewer.peer) ? 1 : 0;
  for (const auto& lane : lanes_) now.bitrate_bps = std::max(now.bitrate_bps, lane.encoder ? lane.bitrate_bps : 0);
  return now;
}

void WhepSink::drop_idle_encoders() {
  for (const auto codec : {VideoCodec::h264, VideoCodec::vp8}) {
    if (std::none_of(viewers_.begin(), viewers_.end(), [&](const auto& viewer) { return viewer.codec == codec; })) {
      lanes_[static_cast<size_t>(codec)] = {};
    }
  }
}

void WhepSink::look_after_viewers(MediaTime time) {
  const size_t before = viewers_.size();
  for (size_t i = viewers_.size(); i-- > 0;) {
    Viewer& viewer = viewers_[i];
    if (viewer.peer->state() == WebrtcPeer::State::gone) {
      transport_.close_soon(std::move(viewer.peer));
      viewers_.erase(viewers_.begin() + static_cast<ptrdiff_t>(i));
      continue;
    }
    const auto wishes = viewer.peer->take_wishes();
    viewer.needs_key |= wishes.key_picture;
    viewer.link += wishes.link;
  }
  if (viewers_.size() < before) drop_idle_encoders();
  if (time - rates_set_ >= kBetweenRates || time < rates_set_) set_rates(time);
}

void WhepSink::set_rates(MediaTime time) {
  const std::chrono::milliseconds elapsed((time - rates_set_).ms());
  rates_set_ = time;
  for (const auto codec : {VideoCodec::h264, VideoCodec::vp8}) {
    Lane& lane = lanes_[static_cast<size_t>(codec)];
    if (!lane.encoder) continue;
    int best = 0;
    for (auto& viewer : viewers_) {
      if (viewer.codec != codec || !is_watching(*viewer.peer)) continue;
      viewer.rate.hear(viewer.link, elapsed);
      best = std::max(best, viewer.rate.target_bps());
    }
    int rate = best;
    for (auto& viewer : viewers_) {
      if (viewer.codec != codec || !is_watching(*viewer.peer)) continue;
      const bool is_reasonable = viewer.rate.target_bps() * 2 >= best;
      if (is_reasonable) {
        rate = std::min(rate, viewer.rate.target_bps());
        viewer.paused_until.reset();
      } else if (!viewer.paused_until) {
        viewer.paused_until = time + kPause;
        viewer.needs_key = true;
      }
      viewer.link = {};
    }
    if (rate > 0 && std::abs(rate - lane.bitrate_bps) > kRateStep * lane.bitrate_bps) {
      lane.bitrate_bps = rate;
      lane.encoder->set_bitrate(rate);
    }
  }
}

Result<void> WhepSink::show(const Frame& frame, MediaTime time) {
  const std::lock_guard lock(mutex_);
  look_after_viewers(time);
  for (const auto codec : {VideoCodec::h264, VideoCodec::vp8}) {
    if (auto shown = show_lane(codec, frame, time); !shown) return shown;
  }
  return {};
}

Result<void> WhepSink::show_lane(VideoCodec codec, const Frame& frame, MediaTime time) {
  Lane& lane = lanes_[static_cast<size_t>(codec)];
  if (!lane.encoder) return {};
  bool anybody = false, want_key = false;
  const auto sees = [&](const Viewer& viewer) {
    return viewer.codec == codec && is_watching(*viewer.peer) && (!viewer.paused_until || *viewer.paused_until <= time);
  };
  for (const auto& viewer : viewers_) {
    if (!sees(viewer)) continue;
    anybody = true;
    want_key |= viewer.needs_key;
  }
  if (!anybody) return {};
  want_key &= !lane.last_key || time - *lane.last_key >= kBetweenKeys || time < *lane.last_key;
  auto unit = lane.encoder->encode(frame, time, want_key);
  if (!unit) return unit.error();
  ++figures_.pictures;
  if (unit->is_key) {
    ++figures_.key_pictures;
    lane.last_key = time;
  }
  for (auto& viewer : viewers_) {
    if (!sees(viewer)) continue;
    if (unit->is_key) viewer.needs_key = false;
    if (viewer.needs_key) continue;
    viewer.peer->send(WebrtcPeer::Track::picture, unit->bytes, time);
    if (viewer.paused_until) {  // left behind: that was its picture for the next two seconds
      viewer.paused_until = time + kPause;
      viewer.needs_key = true;
    }
  }
  return {};
}

Result<void> WhepSink::play(std::span<const float> sound, MediaTime time) {
  const std::lock_guard lock(mutex_);
  if (!audio_) return {};
  if (std::none_of(viewers_.begin(), viewers_.end(), [](const auto& viewer) { return is_watching(*viewer.peer); })) {
    is_playing_ = false;
    return {};
  }
  if (!std::exchange(is_playing_, true)) audio_->restart();
  return audio_->encode(sound, time, [this](const AudioEncoder::Unit& unit) {
    for (auto& viewer : viewers_) viewer.peer->send(WebrtcPeer::Track::sound, unit.bytes, unit.time);
  });
}

Result<void> WhepSink::finish() {
  const std::lock_guard lock(mutex_);
  is_finished_ = true;
  for (auto& viewer : viewers_) transport_.close_soon(std::move(viewer.peer));
  viewers_.clear();
  drop_idle_encoders();
  return {};
}

}  // namespace avatar

// SPDX-License-Identifier: Apache-2.0
// Holds ffi_messages.proto against the real library. Skipped where tools/fetch_livekit.sh has not been run. No server:
// what needs one is in tests/livekit/.
#include "stream/livekit/ffi.h"

#include <ffi_messages.pb.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

namespace avatar {
namespace {

using std::chrono::seconds;

TEST(FfiTest, a_missing_library_is_unavailable_and_the_remedy_is_told) {
  const auto ffi = Ffi::load("/nowhere/liblivekit_ffi.so");
  ASSERT_FALSE(ffi);
  EXPECT_EQ(ffi.error().kind, ErrorKind::unavailable);
  EXPECT_NE(ffi.error().message.find("tools/fetch_livekit.sh"), std::string::npos);
}

TEST(FfiTest, a_library_of_another_kind_is_unavailable) {
  const auto ffi = Ffi::load("libm.so.6");
  ASSERT_FALSE(ffi);
  EXPECT_EQ(ffi.error().kind, ErrorKind::unavailable);
}

// One load for all that need it: the library is made for that.
struct LoadedFfi : testing::Test {
  static void SetUpTestSuite() {
    auto loaded = Ffi::load("");
    if (loaded) {
      ffi = *loaded;
    } else {
      why = loaded.error().message;
    }
  }
  static void TearDownTestSuite() { ffi.reset(); }
  void SetUp() override {
    if (ffi == nullptr) GTEST_SKIP() << why;
  }
  static std::shared_ptr<Ffi> ffi;
  static std::string why;
};
std::shared_ptr<Ffi> LoadedFfi::ffi;
std::string LoadedFfi::why;

TEST_F(LoadedFfi, tells_its_version) { EXPECT_TRUE(ffi->version().starts_with("0.13.")) << ffi->version(); }

TEST_F(LoadedFfi, refuses_what_it_does_not_know) {
  const auto answer = ffi->request(ffi::Request());
  EXPECT_FALSE(answer);
}

TEST_F(LoadedFfi, makes_tracks_and_takes_pictures_and_sound) {
  ffi::Request request;
  auto& video = *request.mutable_new_video_source();
  video.set_type(0);
  video.mutable_resolution()->set_width(64);
  video.mutable_resolution()->set_height(48);
  auto answer = ffi->request(request);
  ASSERT_TRUE(answer);
  const uint64_t pictures = answer->new_video_source().source().handle().id();
  ASSERT_NE(pictures, 0U);

  auto& audio = *request.mutable_new_audio_source();
  audio.set_type(0);
  audio.mutable_options()->set_echo_cancellation(false);
  audio.mutable_options()->set_noise_suppression(false);
  audio.mutable_options()->set_auto_gain_control(false);
  audio.set_sample_rate(48000);
  audio.set_num_channels(1);
  audio.set_queue_size_ms(0);
  answer = ffi->request(request);
  ASSERT_TRUE(answer);
  const uint64_t voice = answer->new_audio_source().source().handle().id();
  ASSERT_NE(voice, 0U);

  request.mutable_create_video_track()->set_name("avatar_video");
  request.mutable_create_video_track()->set_source_handle(pictures);
  answer = ffi->request(request);
  ASSERT_TRUE(answer);
  const uint64_t video_track = answer->create_video_track().track().handle().id();
  EXPECT_NE(video_track, 0U);
  request.mutable_create_audio_track()->set_name("avatar_audio");
  request.mutable_create_audio_track()->set_source_handle(voice);
  answer = ffi->request(request);
  ASSERT_TRUE(answer);
  const uint64_t audio_track = answer->create_audio_track().track().handle().id();
  EXPECT_NE(audio_track, 0U);

  std::array<uint8_t, 64 * 48 * 3 / 2> picture{};
  auto& show = *request.mutable_capture_video_frame();
  show.set_source_handle(pictures);
  show.set_timestamp_us(1);
  show.set_rotation(0);
  auto& buffer = *show.mutable_buffer();
  buffer.set_type(5);
  buffer.set_width(64);
  buffer.set_height(48);
  buffer.set_data_ptr(reinterpret_cast<uint64_t>(picture.data()));
  const uint8_t* plane = picture.data();
  for (const uint32_t width : {64, 32, 32}) {
    auto& component = *buffer.add_components();
    component.set_data_ptr(reinterpret_cast<uint64_t>(plane));
    component.set_stride(width);
    component.set_size(width * width * 3 / 4);
    plane += width * width * 3 / 4;
  }
  EXPECT_TRUE(ffi->request(request));

  Mailbox mailbox(ffi);
  std::array<int16_t, 480> sound{};
  auto& play = *request.mutable_capture_audio_frame();
  play.set_source_handle(voice);
  play.set_request_async_id(mailbox.new_id());
  play.mutable_buffer()->set_data_ptr(reinterpret_cast<uint64_t>(sound.data()));
  play.mutable_buffer()->set_num_channels(1);
  play.mutable_buffer()->set_sample_rate(48000);
  play.mutable_buffer()->set_samples_per_channel(480);
  EXPECT_TRUE(ffi->request(request));
  for (int i = 0; i < 200 && mailbox.sounds_taken() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(mailbox.sounds_taken(), 1U);

  for (const uint64_t handle : {video_track, audio_track, pictures, voice}) {
    EXPECT_TRUE(ffi->drop(handle));
    EXPECT_FALSE(ffi->drop(handle));
  }
}

TEST_F(LoadedFfi, a_server_that_is_not_there_is_an_event_with_our_id_and_an_error) {
  Mailbox other(ffi), mailbox(ffi);
  ffi::Request request;
  auto& connect = *request.mutable_connect();
  connect.set_url("ws://127.0.0.1:9");  // the discard port: nobody listens
  connect.set_token("no token");
  connect.mutable_options()->set_join_retries(0);
  connect.mutable_options()->set_connect_timeout_ms(2000);
  const uint64_t id = mailbox.new_id();
  connect.set_request_async_id(id);
  ASSERT_TRUE(ffi->request(request));
  const auto event = mailbox.wait_until(Mailbox::Time::clock::now() + seconds(20));
  ASSERT_TRUE(event != nullptr);
  ASSERT_TRUE(event->has_connect());
  EXPECT_EQ(event->connect().async_id(), id);
  EXPECT_TRUE(event->connect().has_error());
  EXPECT_TRUE(other.wait_until(Mailbox::Time::clock::now()) == nullptr);
}

TEST_F(LoadedFfi, a_reader_can_be_woken) {
  Mailbox mailbox(ffi);
  mailbox.wake();
  EXPECT_TRUE(mailbox.wait_until(Mailbox::Time::clock::now() + seconds(60)) == nullptr);
}

}  // namespace
}  // namespace avatar

// SPDX-License-Identifier: Apache-2.0
#include "stream/whep_offer.h"

#include <gtest/gtest.h>

#include <string>

namespace avatar {
namespace {

using Kind = WhepOffer::Section::Kind;

const std::string kSecrets =
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\na=fingerprint:sha-256 "
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n";
const std::string kSession = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a v d\r\n" + kSecrets;
const std::string kSound =
    "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:a\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:63 red/48000/2\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=extmap:3 "
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n";
const std::string kPicture =
    "m=video 9 UDP/TLS/RTP/SAVPF 98 99 102 103 104 105\r\na=mid:v\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:98 VP8/90000\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"
    "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=0;profile-level-id=42e01f\r\n"
    "a=rtpmap:103 H264/90000\r\na=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n"
    "a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=rtpmap:105 rtx/90000\r\na=fmtp:105 apt=104\r\n";
const std::string kData = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\na=sctp-port:5000\r\n";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(WhepOffer, finds_the_payloads_that_we_can_send) {
  const auto offer = WhepOffer::parse(kSession + kSound + kPicture + kData);
  ASSERT_TRUE(offer) << offer.error().message;
  ASSERT_EQ(offer->sections().size(), 3U);
  const auto* sound = offer->section(Kind::sound);
  ASSERT_NE(sound, nullptr);
  EXPECT_EQ(sound->opus.type, 111);
  EXPECT_TRUE(sound->opus.transport_cc);
  EXPECT_EQ(sound->transport_cc_id, 3);
  const auto* picture = offer->section(Kind::picture);
  ASSERT_NE(picture, nullptr);
  const auto& vp8 = picture->video[static_cast<int>(VideoCodec::vp8)];
  const auto& h264 = picture->video[static_cast<int>(VideoCodec::h264)];
  ASSERT_TRUE(vp8 && h264);
  EXPECT_EQ(vp8->type, 98);
  EXPECT_EQ(vp8->rtx_type, 99);
  EXPECT_EQ(h264->type, 104) << "constrained, mode 1";
  EXPECT_EQ(h264->rtx_type, 105);
  EXPECT_FALSE(h264->transport_cc);
}

TEST(WhepOffer, says_the_same_anew_and_nothing_else) {
  const auto offer = WhepOffer::parse(kSession + kSound + "a=x-strange:1\r\n" + kPicture + kData);
  ASSERT_TRUE(offer);
  const std::string text = offer->rewritten(VideoCodec::vp8);
  EXPECT_TRUE(has(text, "a=group:BUNDLE a v\r\n"));
  EXPECT_TRUE(has(text, "m=video 9 UDP/TLS/RTP/SAVPF 98 99\r\n"));
  EXPECT_FALSE(has(text, "strange"));
  EXPECT_FALSE(has(text, "H264"));
  EXPECT_FALSE(has(text, "application"));
  EXPECT_TRUE(WhepOffer::parse(text)) << "our own words are an offer too";
}

TEST(WhepOffer, is_answered_section_by_section) {
  const auto offer = WhepOffer::parse(kSession + kData + kSound + kPicture);
  ASSERT_TRUE(offer);
  const std::string answer = offer->answer(
      "v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\nm=video 9 UDP/TLS/RTP/SAVPF 104\r\na=mid:v\r\n",
      VideoCodec::h264);
  EXPECT_EQ(answer,
            "v=0\r\ns=-\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n"
            "a=mid:d\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 104\r\na=mid:v\r\n"
            "a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n");
}

TEST(WhepOffer, is_refused_with_the_reason) {
  const auto refusal = [](const std::string& text) {
    const auto offer = WhepOffer::parse(text);
    return offer ? std::string("taken") : std::string(name(offer.error().kind)) + ": " + offer.error().message;
  };
  const std::string good = kSession + kSound + kPicture;
  EXPECT_EQ(refusal(good), "taken");
  EXPECT_EQ(refusal(""), "invalid: the SDP offer does not begin with v=0");
  EXPECT_TRUE(has(refusal(good + std::string(70'000, 'a')), "64 kB"));
  EXPECT_TRUE(has(refusal(good + std::string(1, 0)), "no text"));
  EXPECT_TRUE(has(refusal(kSession), "neither"));
  EXPECT_TRUE(has(refusal(kSession + kData), "neither"));
  EXPECT_TRUE(has(refusal(replaced(good, "a=ice-pwd:", "a=nice-pwd:")), "ice-pwd"));
  EXPECT_TRUE(has(refusal(replaced(good, "sha-256", "md5")), "fingerprint"));
  EXPECT_TRUE(has(refusal(replaced(good, "actpass", "passive")), "setup"));
  EXPECT_TRUE(has(refusal(replaced(good, "BUNDLE a v", "BUNDLE a")), "BUNDLE"));
  EXPECT_TRUE(has(refusal(replaced(good, "a=rtcp-mux", "a=rtcp-mix")), "rtcp-mux"));
  EXPECT_TRUE(has(refusal(replaced(good, "m=audio 9", "m=audio nine")), "media line"));
  std::string many = kSession;
  for (int i = 0; i < 9; ++i) many += kData;
  EXPECT_TRUE(has(refusal(many), "8 media sections"));
}

TEST(WhepOffer, leaves_out_sections_that_send_or_are_too_many) {
  const auto offer = WhepOffer::parse(kSession + kSound + replaced(kSound, "mid:a", "mid:d") +
                                      replaced(kPicture, "recvonly", "sendonly"));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->sections()[1].kind, Kind::refused);
  EXPECT_FALSE(offer->has_picture());
}

TEST(WhepOffer, takes_addresses_and_no_names_for_candidates) {
  EXPECT_EQ(
      usable_candidate("a=candidate:1 1 udp 2113937151 192.0.2.7 54321 typ srflx raddr 10.0.0.1 rport 9 generation 0"),
      "candidate:1 1 UDP 2113937151 192.0.2.7 54321 typ host");
  EXPECT_TRUE(usable_candidate("a=candidate:1 1 UDP 1 2001:db8::1 9 typ host\r"));
  EXPECT_FALSE(usable_candidate("a=candidate:1 1 udp 1 4a7c.local 54321 typ host"));
  EXPECT_FALSE(usable_candidate("a=candidate:1 1 udp 1 example.org 54321 typ host"));
  EXPECT_FALSE(usable_candidate("a=candidate:1 1 tcp 1 192.0.2.7 9 typ host tcptype active"));
  EXPECT_FALSE(usable_candidate("a=candidate:1 1 udp 1 192.0.2.7 0 typ host"));
  EXPECT_FALSE(usable_candidate("a=candidate:1 1 udp 99999999999 192.0.2.7 1 typ host"));
  EXPECT_FALSE(usable_candidate("a=candidate:"));
  using std::string_view_literals::operator""sv;
  EXPECT_FALSE(usable_candidate("a=candidate:1 1 udp 1 192.0.2.7\0\n 9 typ host"sv)) << "no byte is hidden";
  EXPECT_EQ(
      usable_candidates("a=ice-ufrag:x\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 5 typ host\r\na=end-of-candidates")
          .size(),
      1U);
}

TEST(WhepOffer, survives_any_change_of_a_byte_or_a_line) {
  const std::string good = kSession + kSound + kPicture + kData;
  uint32_t seed = 1;
  const auto random = [&](size_t n) { return (seed = seed * 1664525 + 1013904223, (seed >> 8) % n); };
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (size_t n = 1 + random(4); n-- > 0 && !text.empty();) {
      const size_t at = random(text.size());
      switch (random(4)) {
        case 0:
          text[at] = static_cast<char>(random(256));
          break;
        case 1:
          text.erase(at, random(40));
          break;
        case 2:
          text.insert(at, text.substr(random(text.size()), random(60)));
          break;
        default:
          text.resize(at + 1);
          break;
      }
    }
    if (const auto offer = WhepOffer::parse(text)) {
      ++taken;
      if (offer->has_picture() && !offer->offers(VideoCodec::vp8)) continue;
      const auto again = WhepOffer::parse(offer->rewritten(VideoCodec::vp8));
      ASSERT_TRUE(again) << again.error().message << "\n" << text << "\n" << offer->rewritten(VideoCodec::vp8);
    }
  }
  EXPECT_GT(taken, 1000);
}

TEST(PublicAddressTest, stands_in_host_candidates_and_nowhere_else) {
  const std::string answer =
      "v=0\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 1 UDP 2015364095 10.0.0.7 56750 typ host\r\n"
      "a=candidate:3 1 UDP 505414655 192.0.2.9 50038 typ relay raddr 10.0.0.7 rport 56750\r\na=end-of-candidates";
  EXPECT_EQ(
      with_public_address(answer, "203.0.113.5"),
      "v=0\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 1 UDP 2015364095 203.0.113.5 56750 typ host\r\n"
      "a=candidate:3 1 UDP 505414655 192.0.2.9 50038 typ relay raddr 10.0.0.7 rport 56750\r\na=end-of-candidates");
  EXPECT_EQ(with_public_address("a=candidate: typ host\n", "203.0.113.5"), "a=candidate: typ host\n");
  EXPECT_EQ(with_public_address("", "203.0.113.5"), "");
}

}  // namespace
}  // namespace avatar

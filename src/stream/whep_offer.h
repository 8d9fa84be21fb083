// SPDX-License-Identifier: Apache-2.0
// What a viewer's SDP offer says, understood once and written anew, so that nothing a stranger wrote reaches the
// transport's own parser (RFC 8866; WHEP: draft-ietf-wish-whep).
//
//   auto offer = WhepOffer::parse(text);                 // refuses what cannot be served
//   offer->offers(VideoCodec::vp8);
//   transport.set_remote(offer->rewritten(VideoCodec::vp8));
//   reply(offer->answer(transport.local(), VideoCodec::vp8));
//
// Taken: one sound (Opus) and one picture section that receive, in one bundle; further sections are refused in the
// answer, in their place. Candidates that are names are left out: to look them up is to ask the network.
// Threads: a value. Errors: invalid (no SDP, or not a viewer's), unsupported (SDP we cannot serve).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stream/live_encoder.h"

namespace avatar {

class WhepOffer final {
 public:
  /// The header extension that numbers packets for transport-cc.
  static constexpr std::string_view kTransportCc =
      "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
  static constexpr size_t kMostBytes = 64 * 1024;  ///< of an offer; browsers send 3 to 10 kB
  static constexpr size_t kMostSections = 8;
  static constexpr size_t kMostCandidates = 32;

  struct Payload {
    int type = -1;        ///< RTP payload type, 0..127
    int rtx_type = -1;    ///< of its retransmissions; -1: none
    std::string profile;  ///< H.264's profile-level-id as offered
    bool transport_cc = false;
  };
  struct Section {
    enum class Kind { refused, sound, picture } kind = Kind::refused;
    std::string media, protocol, formats;  ///< of its m-line, for a refusal
    std::string mid;
    int transport_cc_id = -1;  ///< of the header extension; -1: not offered
    Payload opus;
    std::array<std::optional<Payload>, kVideoCodecs> video;
  };

  static Result<WhepOffer> parse(std::string_view text);

  [[nodiscard]] bool offers(VideoCodec codec) const;
  [[nodiscard]] bool has_picture() const { return section(Section::Kind::picture) != nullptr; }
  [[nodiscard]] bool has_sound() const { return section(Section::Kind::sound) != nullptr; }
  /// Null when the viewer does not want it.
  [[nodiscard]] const Section* section(Section::Kind kind) const;
  [[nodiscard]] std::span<const Section> sections() const { return sections_; }

  /// The same wish in our own words: the sections taken, one codec each.
  [[nodiscard]] std::string rewritten(VideoCodec codec) const;

  /// The transport's answer to rewritten(), as an answer to the whole offer.
  [[nodiscard]] std::string answer(std::string_view transport_answer, VideoCodec codec) const;

 private:
  std::vector<Section> sections_;
  std::string ufrag_, password_, fingerprint_, setup_;
  std::vector<std::string> candidates_;
};

/// The candidate of an "a=candidate:" line without its "a=" when its address is an IP address and its transport UDP;
/// nothing otherwise.
[[nodiscard]] std::optional<std::string> usable_candidate(std::string_view line);

/// The answer of a machine that is reached under another address than its own (NAT with fixed ports): `address` stands
/// in its host candidates instead of theirs (RFC 8445, 5.1.1.1).
[[nodiscard]] std::string with_public_address(std::string_view answer, std::string_view address);

/// Those of a trickle fragment (RFC 8840), at most WhepOffer::kMostCandidates.
[[nodiscard]] std::vector<std::string> usable_candidates(std::string_view fragment);

}  // namespace avatar

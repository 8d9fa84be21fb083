// SPDX-License-Identifier: Apache-2.0
#include "stream/whep_offer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace avatar {
namespace {

using Kind = WhepOffer::Section::Kind;

Error invalid(std::string words) { return {ErrorKind::invalid, "the SDP offer " + std::move(words)}; }
Error unsupported(std::string words) { return {ErrorKind::unsupported, "the SDP offer " + std::move(words)}; }

// Takes the text before `end` off the front; all of it when there is no `end`.
std::string_view next(std::string_view& text, char end) {
  const size_t at = text.find(end);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::string_view next_line(std::string_view& text) {
  auto line = next(text, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// -1 when it is no number within 0..most.
int number(std::string_view text, int most) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= most ? value : -1;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool all_of(std::string_view text, size_t least, size_t most, std::string_view also) {
  return text.size() >= least && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter_or_digit(c) || also.find(c) != std::string_view::npos;
         });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

// The value of `name` in "a=1;b=2"; empty when it is not there.
std::string_view parameter(std::string_view fmtp, std::string_view name) {
  while (!fmtp.empty()) {
    auto pair = next(fmtp, ';');
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (next(pair, '=') == name) return pair;
  }
  return {};
}

// Everything a section says, before it is judged.
struct RawSection {
  std::string_view media, port, protocol, formats;
  std::string_view mid, ufrag, password, fingerprint, setup, direction;
  bool rtcp_mux = false;
  bool bundle_only = false;  // then port 0 is no refusal (RFC 9143, 6)
  int transport_cc_id = -1;
  std::map<int, std::string_view> rtpmap, fmtp;
  std::vector<int> transport_cc;  // payload types with this feedback; -1: all
  std::vector<std::string> candidates;
};

// "102 H264/90000" -> 102 and the rest; false when the number is none.
bool payload_and_rest(std::string_view value, int& type, std::string_view& rest) {
  type = number(next(value, ' '), 127);
  rest = value;
  return type >= 0;
}

void read_attribute(std::string_view line, RawSection& s) {
  int type = -1;
  std::string_view rest;
  if (auto candidate = usable_candidate(line)) {
    if (s.candidates.size() < WhepOffer::kMostCandidates) s.candidates.push_back(std::move(*candidate));
    return;
  }
  if (!take_prefix(line, "a=")) return;
  if (take_prefix(line, "mid:"))
    s.mid = line;
  else if (take_prefix(line, "ice-ufrag:"))
    s.ufrag = line;
  else if (take_prefix(line, "ice-pwd:"))
    s.password = line;
  else if (take_prefix(line, "fingerprint:"))
    s.fingerprint = line;
  else if (take_prefix(line, "setup:"))
    s.setup = line;
  else if (line == "rtcp-mux")
    s.rtcp_mux = true;
  else if (line == "bundle-only")
    s.bundle_only = true;
  else if (line == "recvonly" || line == "sendrecv" || line == "sendonly" || line == "inactive")
    s.direction = line;
  else if (take_prefix(line, "rtpmap:") && payload_and_rest(line, type, rest))
    s.rtpmap[type] = rest;
  else if (take_prefix(line, "fmtp:") && payload_and_rest(line, type, rest))
    s.fmtp[type] = rest;
  else if (take_prefix(line, "rtcp-fb:")) {
    const auto payload = next(line, ' ');
    if (line == "transport-cc") s.transport_cc.push_back(payload == "*" ? -1 : number(payload, 127));
  } else if (take_prefix(line, "extmap:")) {
    auto id = next(line, ' ');
    // Only 1..14 fit a one-byte header (RFC 8285, 4.2).
    if (line == WhepOffer::kTransportCc) s.transport_cc_id = number(next(id, '/'), 14);
  }
}

WhepOffer::Payload payload_of(const RawSection& raw, int type) {
  WhepOffer::Payload payload;
  payload.type = type;
  for (const auto& [rtx, map] : raw.rtpmap) {
    const auto format = raw.fmtp.find(rtx);
    if (lower(map) == "rtx/90000" && format != raw.fmtp.end() &&
        number(parameter(format->second, "apt"), 127) == type) {
      payload.rtx_type = rtx;
    }
  }
  payload.transport_cc = raw.transport_cc_id > 0 && std::any_of(raw.transport_cc.begin(), raw.transport_cc.end(),
                                                                [&](int t) { return t == -1 || t == type; });
  return payload;
}

// H.264 that a constrained baseline stream in packetization mode 1 is (RFC 6184, 8.1): profile 66, constrained or not.
bool is_baseline(std::string_view fmtp) {
  const auto profile = parameter(fmtp, "profile-level-id");
  return parameter(fmtp, "packetization-mode") == "1" && profile.size() == 6 && all_of(profile, 6, 6, "") &&
         lower(profile).starts_with("42");
}

void judge_codecs(const RawSection& raw, WhepOffer::Section& section) {
  auto formats = raw.formats;
  while (!formats.empty()) {
    const int type = number(next(formats, ' '), 127);
    const auto map = raw.rtpmap.find(type);
    if (map == raw.rtpmap.end()) continue;
    const std::string codec = lower(map->second);
    const auto format = raw.fmtp.find(type);
    const auto fmtp = format == raw.fmtp.end() ? std::string_view() : format->second;
    if (codec == "opus/48000/2" && section.opus.type < 0) {
      section.opus = payload_of(raw, type);
    } else if (codec == "vp8/90000" && !section.video[static_cast<int>(VideoCodec::vp8)]) {
      section.video[static_cast<int>(VideoCodec::vp8)] = payload_of(raw, type);
    } else if (codec == "h264/90000" && is_baseline(fmtp)) {
      auto& h264 = section.video[static_cast<int>(VideoCodec::h264)];
      const std::string profile = lower(parameter(fmtp, "profile-level-id"));
      // Constrained baseline is what we send: better than plain baseline, which promises the viewer less.
      if (!h264 || (!h264->profile.starts_with("42e0") && profile.starts_with("42e0"))) {
        h264 = payload_of(raw, type);
        h264->profile = profile;
      }
    }
  }
}

bool is_fingerprint(std::string_view text) {
  // RFC 8122: the hash's name, then 32 bytes as hexadecimal with colons.
  if (lower(next(text, ' ')) != "sha-256" || text.size() != 32 * 3 - 1) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = (text[i] >= '0' && text[i] <= '9') ||
                       (lower(text.substr(i, 1))[0] >= 'a' && lower(text.substr(i, 1))[0] <= 'f');
    if (i % 3 == 2 ? text[i] != ':' : !digit) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> usable_candidate(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!take_prefix(line, "a=") || !line.starts_with("candidate:") || line.size() > 512) return std::nullopt;
  // RFC 8839, 5.1: foundation component transport priority address port "typ" type ...
  std::array<std::string_view, 8> field;
  auto rest = line;
  for (auto& f : field) f = next(rest, ' ');
  in6_addr address;
  const std::string text(field[4]);
  // inet_pton reads no further than to a zero byte.
  const bool literal = all_of(text, 2, 45, ".:") && (::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
                                                     ::inet_pton(AF_INET6, text.c_str(), &address) == 1);
  if (!literal || lower(field[2]) != "udp" || number(field[5], 65535) <= 0 || field[6] != "typ" ||
      !all_of(field[0].substr(10), 1, 32, "+/") || number(field[1], 256) < 1 || !all_of(field[3], 1, 10, "") ||
      !all_of(field[7], 4, 5, "")) {
    return std::nullopt;
  }
  const auto priority = field[3];
  if (!std::all_of(priority.begin(), priority.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  // What follows (related address, extensions) is of no use to us.
  return std::string(field[0]) + " " + std::string(field[1]) + " UDP " + std::string(priority) + " " + text + " " +
         std::string(field[5]) + " typ host";
}

std::vector<std::string> usable_candidates(std::string_view fragment) {
  std::vector<std::string> found;
  while (!fragment.empty() && found.size() < WhepOffer::kMostCandidates) {
    if (auto candidate = usable_candidate(next_line(fragment))) found.push_back(std::move(*candidate));
  }
  return found;
}

Result<WhepOffer> WhepOffer::parse(std::string_view text) {
  if (text.size() > kMostBytes) return invalid("is larger than 64 kB");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || (c >= ' ' && c <= '~'); })) {
    return invalid("holds bytes that are no text");
  }
  if (!text.starts_with("v=0")) return invalid("does not begin with v=0");

  RawSection session;
  std::vector<RawSection> raws;
  std::string_view bundle;
  while (!text.empty()) {
    auto line = next_line(text);
    if (take_prefix(line, "m=")) {
      if (raws.size() == kMostSections) return unsupported("has more than 8 media sections");
      RawSection& raw = raws.emplace_back();
      raw.media = next(line, ' ');
      raw.port = next(line, ' ');
      raw.protocol = next(line, ' ');
      raw.formats = line;
      if (raw.formats.empty() || number(raw.port, 65535) < 0 || !all_of(raw.media, 1, 32, "-") ||
          !all_of(raw.protocol, 1, 32, "/-")) {
        return invalid("has a media line that cannot be read");
      }
    } else if (take_prefix(line, "a=group:BUNDLE ")) {
      bundle = line;
    } else {
      read_attribute(line, raws.empty() ? session : raws.back());
    }
  }

  WhepOffer offer;
  const auto in_bundle = [&](std::string_view mid) {
    for (auto rest = bundle; !rest.empty();) {
      if (next(rest, ' ') == mid) return true;
    }
    return false;
  };
  const RawSection* first = nullptr;
  for (const auto& raw : raws) {
    Section section;
    section.media = raw.media;
    section.protocol = raw.protocol;
    section.formats = raw.formats;
    if (!raw.mid.empty() && !all_of(raw.mid, 1, 32, "-_+.")) return invalid("has a mid that cannot be read");
    section.mid = raw.mid;
    const bool receives = raw.direction.empty() || raw.direction == "recvonly" || raw.direction == "sendrecv";
    const Kind kind = raw.media == "audio" ? Kind::sound : raw.media == "video" ? Kind::picture : Kind::refused;
    if (kind != Kind::refused && receives && (raw.port != "0" || raw.bundle_only) &&
        raw.protocol == "UDP/TLS/RTP/SAVPF" && !raw.mid.empty() && offer.section(kind) == nullptr) {
      judge_codecs(raw, section);
      section.transport_cc_id = raw.transport_cc_id;
      const bool usable =
          kind == Kind::sound ? section.opus.type >= 0 : section.video[0].has_value() || section.video[1].has_value();
      if (usable) {
        if (!raw.rtcp_mux) return unsupported("does not put RTCP beside RTP (rtcp-mux)");
        if (first == nullptr) first = &raw;
        section.kind = kind;
      }
    }
    offer.sections_.push_back(std::move(section));
  }
  if (first == nullptr) {
    return unsupported("wants neither Opus sound nor H264 (baseline, packetization-mode 1) or VP8 pictures");
  }
  for (const auto& section : offer.sections_) {
    if (section.kind != Kind::refused && !in_bundle(section.mid)) {
      return unsupported("does not put its media in one BUNDLE group");
    }
  }
  const auto either = [](std::string_view own, std::string_view common) { return own.empty() ? common : own; };
  offer.ufrag_ = either(first->ufrag, session.ufrag);
  offer.password_ = either(first->password, session.password);
  offer.fingerprint_ = either(first->fingerprint, session.fingerprint);
  offer.setup_ = either(first->setup, session.setup);
  offer.candidates_ = first->candidates;
  // RFC 8839, 5.4
  if (!all_of(offer.ufrag_, 4, 256, "+/") || !all_of(offer.password_, 22, 256, "+/")) {
    return invalid("has no ice-ufrag and ice-pwd that can be read");
  }
  if (!is_fingerprint(offer.fingerprint_)) return invalid("has no sha-256 fingerprint");
  if (offer.setup_ != "actpass" && offer.setup_ != "active") return invalid("has no a=setup:actpass");
  return offer;
}

bool WhepOffer::offers(VideoCodec codec) const {
  const Section* picture = section(Kind::picture);
  return picture != nullptr && picture->video[static_cast<int>(codec)].has_value();
}

const WhepOffer::Section* WhepOffer::section(Kind kind) const {
  for (const auto& section : sections_) {
    if (section.kind == kind) return &section;
  }
  return nullptr;
}

std::string WhepOffer::rewritten(VideoCodec codec) const {
  std::string group, media;
  for (const auto& s : sections_) {
    if (s.kind == Kind::refused) continue;
    const bool picture = s.kind == Kind::picture;
    const Payload& p = picture ? *s.video[static_cast<int>(codec)] : s.opus;
    const std::string type = std::to_string(p.type), rtx = std::to_string(p.rtx_type);
    group += " " + s.mid;
    media += "m=" + s.media + " 9 UDP/TLS/RTP/SAVPF " + type + (p.rtx_type >= 0 ? " " + rtx : "") +
             "\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:" + ufrag_ + "\r\na=ice-pwd:" + password_ +
             "\r\na=fingerprint:" + fingerprint_ + "\r\na=setup:" + setup_ + "\r\na=mid:" + s.mid +
             "\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n";
    if (p.transport_cc) {
      media += "a=extmap:" + std::to_string(s.transport_cc_id) + " " + std::string(kTransportCc) +
               "\r\na=rtcp-fb:" + type + " transport-cc\r\n";
    }
    media += "a=rtpmap:" + type + (picture ? std::string(" ") + name(codec) + "/90000" : " OPUS/48000/2") + "\r\n";
    if (picture) {
      media += "a=rtcp-fb:" + type + " nack\r\na=rtcp-fb:" + type + " nack pli\r\na=rtcp-fb:" + type + " ccm fir\r\n";
    }
    if (p.rtx_type >= 0) media += "a=rtpmap:" + rtx + " rtx/90000\r\na=fmtp:" + rtx + " apt=" + type + "\r\n";
    for (const auto& candidate : candidates_) media += "a=" + candidate + "\r\n";
  }
  return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE" + group + "\r\n" + media;
}

std::string WhepOffer::answer(std::string_view transport_answer, VideoCodec codec) const {
  // What stands before each "m=": the session, then one part for each section taken.
  std::vector<std::string> parts(1);
  while (!transport_answer.empty()) {
    const auto line = next_line(transport_answer);
    if (line.empty()) continue;
    if (line.starts_with("m=")) parts.emplace_back();
    parts.back() += std::string(line) + "\r\n";
  }
  std::string text = parts[0];
  size_t taken = 0;
  for (const auto& s : sections_) {
    if (s.kind == Kind::refused || taken + 1 >= parts.size()) {
      text += "m=" + s.media + " 0 " + s.protocol + " " + s.formats + "\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n";
      if (!s.mid.empty()) text += "a=mid:" + s.mid + "\r\n";
      continue;
    }
    text += parts[++taken];
    if (s.kind == Kind::sound) {
      text += "a=fmtp:" + std::to_string(s.opus.type) + " minptime=10;useinbandfec=1\r\n";
    } else if (codec == VideoCodec::h264) {
      const Payload& h264 = *s.video[static_cast<int>(codec)];
      text += "a=fmtp:" + std::to_string(h264.type) +
              " level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + h264.profile + "\r\n";
    }
  }
  return text;
}

std::string with_public_address(std::string_view answer, std::string_view address) {
  // "a=candidate:1 1 UDP 2015364095 127.0.0.1 56750 typ host"
  constexpr int kAddress = 4;
  std::string out;
  while (!answer.empty()) {
    const std::string_view line = answer.substr(0, answer.find('\n') + 1 == 0 ? answer.size() : answer.find('\n') + 1);
    answer.remove_prefix(line.size());
    size_t at = 0;
    for (int field = 0; field < kAddress && at != std::string_view::npos; ++field) {
      at = line.find(' ', at);
      if (at != std::string_view::npos) ++at;
    }
    const bool is_host = line.substr(0, 12) == "a=candidate:" && line.find(" typ host") != std::string_view::npos;
    const size_t end = at == std::string_view::npos ? at : line.find(' ', at);
    if (!is_host || end == std::string_view::npos) {
      out += line;
    } else {
      out.append(line.substr(0, at)).append(address).append(line.substr(end));
    }
  }
  return out;
}

}  // namespace avatar

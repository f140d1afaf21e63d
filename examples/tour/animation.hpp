// SPDX-License-Identifier: MIT
//
// The ways as a moving picture: an SVG file that any browser plays. Its colours stand out from white and from
// black, and it has no background of its own. Where nothing moves, as in print, it shows the ends.
#pragma once

#include "picture.hpp"
#include "track.hpp"

namespace tour {

inline std::string whole(double x) { return std::to_string(std::lround(x)); }
inline std::string whole(const Point& x) { return whole(x.x()) + ' ' + whole(x.y()); }

/// A curve on the page as SVG writes it, in whole units, without points that hardly differ.
inline std::string path_text(const Curve& curve) {
  std::string text;
  Eigen::Vector2i last{0, 0};
  for (const Point& point : curve) {
    const Eigen::Vector2i here = point.array().round().cast<int>(), by = here - last;
    if (!text.empty() && by.squaredNorm() < 4) continue;
    text += text.empty() ? 'M' : 'l';
    text.append(std::to_string(by.x())).append(" ").append(std::to_string(by.y()));
    last = here;
  }
  return text;
}

/// Each contour encloses a further sixteenth of the plane.
inline void write_contours(std::ostream& out, const Problem& problem, const Page& page) {
  constexpr int grid = 120, levels = 16;
  const Eigen::MatrixXd values = surface(problem, page.box, grid);
  const std::vector<double> ranks = sorted(values);
  out << "<g fill='#4c7bb0' fill-opacity='.065' stroke='#7f93ab' stroke-opacity='.6' stroke-width='1.5'>\n";
  for (std::size_t level = 1; level < levels; ++level) {
    out << "<path d='";
    for (Curve& curve : contours(values, ranks[level * ranks.size() / levels])) {
      for (Point& x : curve) x = Page::size / grid * Point(x.x(), grid - x.y());
      out << path_text(curve) << 'z';
    }
    out << "'/>\n";
  }
  out << "</g>\n";
}

/// The values of an animated attribute: `value(step)` for each frame. Time runs as the root of the step,
/// since most happens in the beginning; at the end the picture rests.
template <class Value>
std::string frames(int steps, const Value& value) {
  constexpr int moving = 160, resting = 40;
  std::string text = "dur='10s' repeatCount='indefinite' values='";
  for (int frame = 0; frame <= moving + resting; ++frame) {
    const double share = std::min(1.0, double(frame) / moving);
    text.append(frame == 0 ? "" : ";").append(value(steps * share * share));
  }
  return text + '\'';
}

/// A line that grows: one dash of its length, which is moved into it from behind, and a longer gap.
inline void write_line(std::ostream& out, const Track& track, int steps, const std::string& colour,
                       double width) {
  const double length = track.lengths.back() + 1;
  const auto hidden = [&](double step) { return whole(length - track.at(step).second); };
  out << "<path stroke='" << colour << "' stroke-width='" << width << "' stroke-dasharray='" << whole(length)
      << ' ' << whole(2 * length) << "' d='" << path_text(track.points)
      << "'><animate attributeName='stroke-dashoffset' " << frames(steps, hidden) << "/></path>\n";
}

inline void write_ball(std::ostream& out, const Track& track, int steps, const std::string& colour) {
  const auto place = [&](double step) { return whole(track.at(step).first); };
  out << "<circle r='11' fill='" << colour << "' stroke='#fff' stroke-width='3' transform='translate("
      << place(steps) << ")'><animateTransform attributeName='transform' type='translate' "
      << frames(steps, place) << "/></circle>\n";
}

inline void write_circle(std::ostream& out, const Point& centre, int radius, const std::string& look) {
  out << "<circle cx='" << whole(centre.x()) << "' cy='" << whole(centre.y()) << "' r='" << radius << "' "
      << look << "/>\n";
}

/// Writes animation.svg.
inline void animate(const std::vector<Run>& runs, const Problem& problem, int steps,
                    const std::filesystem::path& folder) {
  constexpr std::array<const char*, most_drawn> colours = {
      "#228be6", "#f76707", "#0ca678", "#be4bdb", "#f59f00", "#e64980", "#15aabf", "#82c91e", "#868e96"};
  const Page page{view(runs, problem)};
  std::ostringstream lines, balls, legend;
  std::size_t drawn = 0, longest = 0;
  for (const Run& run : runs) {
    if (!run.drawn || drawn == most_drawn) continue;
    const std::string colour = colours[drawn];
    const Track track(run.path, page);
    write_line(lines, track, steps, colour, 7 - 0.5 * double(drawn));  // those below can be seen
    write_ball(balls, track, steps, colour);
    const std::size_t y = 110 + 62 * drawn;
    legend << "<path stroke='" << colour << "' stroke-width='8' d='M1035 " << y << "h45'/><text x='1100' y='"
           << y + 12 << "' fill='" << colour << "'>" << run.name << "</text>\n";
    ++drawn, longest = std::max(longest, run.name.size());
  }

  std::filesystem::create_directories(folder);
  std::ofstream out(folder / "animation.svg");
  out << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " << 1120 + 22 * longest
      << " 1000' fill='none'>\n<title>" << problem.name << ", " << steps << " steps from ("
      << problem.start[0] << ", " << problem.start[1] << ")</title>\n"
      << "<svg width='1000' height='1000'><g stroke-linejoin='round' stroke-linecap='round'>\n";
  write_contours(out, problem, page);
  for (const Minimum& m : problem.minima) {
    write_circle(out, page(m.x), m.global ? 16 : 10, "stroke='#868e96' stroke-width='4'");
  }
  out << lines.str();
  write_circle(out, page(problem.start), 9, "fill='#868e96' stroke='#fff' stroke-width='3'");
  out << balls.str() << "</g></svg>\n<g font-family='sans-serif' font-size='34'>\n"
      << legend.str() << "</g></svg>\n";
  out.close();
  if (!out) throw std::runtime_error("cannot write to '" + folder.string() + "'");
  std::printf("written: %s\n", (folder / "animation.svg").string().c_str());
}

}  // namespace tour

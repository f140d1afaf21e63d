// SPDX-License-Identifier: MIT
//
// The ways as a moving picture: an SVG file that any browser plays. Its colours stand out from white and from
// black, and it has no background of its own.
#pragma once

#include "contours.hpp"
#include "picture.hpp"

namespace tour {

constexpr double size_of_plane = 1000;

/// A way on the page. Steps that hardly move are left out; what leads far away ends there.
struct Track {
  Curve points;
  std::vector<double> steps, lengths;  // at each point: steps taken, and the length of the way so far

  Track(const Path& path, const gradus::Domain& box) {
    const Point size = box.upper - box.lower;
    for (std::size_t i = 0; i < path.points.size(); ++i) {
      const Point share = (path.points[i] - box.lower).cwiseQuotient(size);
      if (!(share.cwiseAbs().maxCoeff() < 3)) break;
      const Point here = size_of_plane * Point(share.x(), 1 - share.y());
      const double by = points.empty() ? 0 : (here - points.back()).norm();
      if (!points.empty() && by < 2 && i + 1 < path.points.size()) continue;
      lengths.push_back(points.empty() ? 0 : lengths.back() + by);
      points.push_back(here), steps.push_back(double(i));
    }
  }

  /// The point and the length after `step` steps, with fractions between two steps.
  std::pair<Point, double> at(double step) const {
    const auto after = std::upper_bound(steps.begin(), steps.end(), step);
    if (after == steps.end()) return {points.back(), lengths.back()};
    const auto k = static_cast<std::size_t>(after - steps.begin());
    const double share = (step - steps[k - 1]) / (steps[k] - steps[k - 1]);
    return {points[k - 1] + share * (points[k] - points[k - 1]),
            lengths[k - 1] + share * (lengths[k] - lengths[k - 1])};
  }
};

/// A curve as SVG writes it, in whole units, without points that hardly differ.
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

/// The frames as values of an animated attribute: `value(step)` for each. Time runs as the root of the step,
/// since most happens in the beginning; at the end the picture rests.
template <class Value>
std::string frames(int steps, const Value& value) {
  constexpr int moving = 160, resting = 40;
  std::string text;
  for (int frame = 0; frame <= moving + resting; ++frame) {
    const double share = std::min(1.0, double(frame) / moving);
    text.append(frame == 0 ? "" : ";").append(value(steps * share * share));
  }
  return text + "\" dur=\"10s\" repeatCount=\"indefinite\"/>";
}

inline std::string whole(double x) { return std::to_string(std::lround(x)); }

/// Writes animation.svg.
inline void animate(const std::vector<Run>& runs, const Problem& problem, int steps,
                    const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream out(folder / "animation.svg");
  const gradus::Domain box = view(runs, problem);
  const Point size = box.upper - box.lower;
  const auto on_page = [&](const Point& x) {
    const Point share = (x - box.lower).cwiseQuotient(size);
    return Point(size_of_plane * Point(share.x(), 1 - share.y()));
  };
  out << R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1360 1000" fill="none">)"
      << "\n<title>" << problem.name << ", " << steps << " steps from (" << problem.start[0] << ", "
      << problem.start[1] << ")</title>\n"
      << R"(<svg width="1000" height="1000"><g stroke-linejoin="round" stroke-linecap="round">)" << '\n';

  constexpr int grid = 120, levels = 16;
  const Eigen::MatrixXd values = surface(problem, box, grid);
  const std::vector<double> ranks = sorted(values);
  out << R"(<g fill="#4c7bb0" fill-opacity=".065" stroke="#7f93ab" stroke-opacity=".6" stroke-width="1.5">)";
  for (std::size_t level = 1; level < levels; ++level) {
    out << "\n<path d=\"";
    for (Curve& curve : contours(values, ranks[level * ranks.size() / levels])) {
      for (Point& x : curve) x = size_of_plane / grid * Point(x.x(), grid - x.y());
      out << path_text(curve) << 'z';
    }
    out << "\"/>";
  }
  out << "\n</g>\n";
  for (const Minimum& m : problem.minima) {
    const Point x = on_page(m.x);
    out << "<circle cx=\"" << whole(x.x()) << "\" cy=\"" << whole(x.y()) << "\" r=\"" << (m.global ? 16 : 10)
        << R"(" stroke="#868e96" stroke-width="4"/>)";
  }

  constexpr std::array<const char*, most_drawn> colours = {
      "#228be6", "#f76707", "#0ca678", "#be4bdb", "#f59f00", "#e64980", "#15aabf", "#82c91e", "#868e96"};
  std::string balls, legend;
  std::size_t drawn = 0;
  for (const Run& run : runs) {
    if (!run.drawn || drawn == most_drawn) continue;
    const std::string colour = colours[drawn];
    const Track track(run.path, box);
    const std::string length = whole(track.lengths.back() + 1);
    out << "<path stroke=\"" << colour << "\" stroke-width=\"5\" stroke-dasharray=\"" << length << "\" d=\""
        << path_text(track.points) << "\"><animate attributeName=\"stroke-dashoffset\" values=\""
        << frames(steps, [&](double step) { return whole(track.lengths.back() + 1 - track.at(step).second); })
        << "</path>\n";
    const auto place = [&](double step) {
      const Point x = track.at(step).first;
      return whole(x.x()) + ' ' + whole(x.y());
    };
    balls += "<circle r=\"11\" fill=\"" + colour +
             "\" stroke=\"#fff\" stroke-width=\"3\" transform=\"translate(" + place(steps) +
             ")\"><animateTransform attributeName=\"transform\" type=\"translate\" values=\"" +
             frames(steps, place) + "</circle>\n";
    const std::string y = std::to_string(110 + 62 * drawn);
    legend += "<path stroke=\"" + colour + "\" stroke-width=\"8\" d=\"M1035 " + y +
              "h45\"/><text x=\"1100\" y=\"" + y + "\" dy=\"12\" fill=\"" + colour + "\">" + run.name +
              "</text>\n";
    ++drawn;
  }
  const Point start = on_page(problem.start);
  out << "<circle cx=\"" << whole(start.x()) << "\" cy=\"" << whole(start.y())
      << R"(" r="9" fill="#868e96" stroke="#fff" stroke-width="3"/>)" << '\n'
      << balls << "</g></svg>\n<g font-family=\"sans-serif\" font-size=\"34\">\n"
      << legend << "</g></svg>\n";
  out.close();
  if (!out) throw std::runtime_error("cannot write to '" + folder.string() + "'");
  std::printf("written: %s\n", (folder / "animation.svg").string().c_str());
}

}  // namespace tour

// SPDX-License-Identifier: MIT
//
// Reference runs, as the scripts in reference/ write them.
#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "problem.hpp"

namespace gradus_test {

/// All coefficients after a step.
struct Record {
  int step;
  Eigen::VectorXd values;
};
using Records = std::map<std::string, std::vector<Record>>;  // by "case problem"

/// A comment, then lines `case problem step n v1 ... vn`, of a file in data/.
inline Records read_records(const std::string& name) {
  std::ifstream file(GRADUS_TEST_DATA "/" + name);
  REQUIRE(file);
  Records records;
  std::string line;
  std::getline(file, line);  // how it was made
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string run, problem;
    Record record;
    Index size;
    fields >> run >> problem >> record.step >> size;
    record.values.resize(size);
    for (double& value : record.values) fields >> value;
    REQUIRE(fields);
    records[run + ' ' + problem].push_back(record);
  }
  return records;
}

}  // namespace gradus_test

// SPDX-License-Identifier: MIT
#include <gradus/io/safetensors_reader.hpp>
#include <gradus/io/safetensors_writer.hpp>

int main() {
  const Eigen::MatrixXf m = Eigen::MatrixXf::Random(8, 5);
  gradus::io::write_safetensors("consumer.safetensors", {gradus::io::tensor("m", m)});
  Eigen::MatrixXf read(8, 5);
  gradus::io::SafetensorsReader("consumer.safetensors").read("m", read);
  return read == m ? 0 : 1;
}

// SPDX-License-Identifier: Apache-2.0
#include "core/io/nir.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/network.hpp"
#include "core/nir/network_of.hpp"
#include "core/nir/stepper.hpp"

namespace {

using spikeloop::io::Hdf5Handle;

/// The bytes as decisions about what is in the file; zeros behind their end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
  bool done() const { return at_ >= size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

Hdf5Handle text_type(std::uint8_t width) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), width == 0 ? H5T_VARIABLE : width);
  return type;
}

/// An array of any type, rank and way of storing; sometimes more is declared than stored.
void add_array(hid_t at, const char* name, Bytes& in) {
  const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64BE, H5T_STD_I64LE, H5T_STD_U64LE, H5T_STD_I8LE, H5T_STD_U16BE};
  const std::uint8_t kind = in.next(), way = in.next();
  hsize_t dims[4], chunk[4], most[4];
  const int rank = kind / 8 % 5;
  for (int i = 0; i < rank; ++i) {
    dims[i] = in.next() % 8, chunk[i] = hsize_t{1} << (way & 8 ? 20 : 1), most[i] = H5S_UNLIMITED;
    if ((way & 0x70) == 0x70) dims[i] = hsize_t{1} << (in.next() % 40);
  }
  const bool chunked = rank > 0 && (way & 1) != 0;
  const Hdf5Handle space(rank == 0 ? H5Screate(way & 2 ? H5S_NULL : H5S_SCALAR) : H5Screate_simple(rank, dims, chunked ? most : nullptr));
  const Hdf5Handle made(H5Pcreate(H5P_DATASET_CREATE)), fixed = text_type(static_cast<std::uint8_t>(1 + way % 9));
  if (chunked) H5Pset_chunk(made.get(), rank, chunk);
  if (chunked && (way & 4) != 0) H5Pset_deflate(made.get(), 1);
  const hid_t type = kind % 8 < 6 ? types[kind % 8] : kind % 8 == 6 ? fixed.get() : H5T_NATIVE_OPAQUE;
  const Hdf5Handle data(H5Dcreate2(at, name, type, space.get(), H5P_DEFAULT, made.get(), H5P_DEFAULT));
  if (!data || (way & 0x70) == 0x70 || (way & 8) != 0) return;
  hsize_t n = 1;
  for (int i = 0; i < rank; ++i) n *= dims[i];
  std::vector<std::uint8_t> values(64 + n * 16, in.next());  // at most 16 bytes a value
  for (std::size_t i = 0; i < 64; ++i) values[i] = in.next();
  H5Dwrite(data.get(), type, H5S_ALL, H5S_ALL, spikeloop::io::transfer_of(0).get(), values.data());
}

void add_text(hid_t at, const char* name, const std::vector<const char*>& texts, Bytes& in) {
  const std::uint8_t way = in.next();
  if (way == 255) return;
  if (way == 254) return add_array(at, name, in);
  const hsize_t dims[2] = {texts.size() / 2, way & 1 ? hsize_t{1} : hsize_t{2}};
  const Hdf5Handle type = text_type(0), space(texts.size() == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(way & 2 ? 1 : 2, dims, nullptr));
  const Hdf5Handle data(H5Dcreate2(at, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  if (data) H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, spikeloop::io::transfer_of(0).get(), texts.data());
}

void add_graph(hid_t at, Bytes& in, int depth) {
  static const char* const kTypes[] = {"Input",     "Output",    "Linear",  "Affine",    "Scale",    "Conv1d", "Conv2d",
                                       "SumPool2d", "AvgPool2d", "Flatten", "Delay",     "I",        "LI",     "IF",
                                       "LIF",       "CubaLI",    "CubaLIF", "Threshold", "NIRGraph", "Unheard"};
  static const char* const kKeys[] = {"shape",       "weight",  "bias",    "tau",      "r",       "v_leak",
                                      "v_threshold", "v_reset", "padding", "metadata", "tau_syn", "type"};
  static const char* const kNames[] = {"a", "b", "a.b", "input", "output", "c.d.e"};
  add_text(at, "type", {"NIRGraph"}, in);
  const Hdf5Handle nodes(H5Gcreate2(at, in.next() == 77 ? "knots" : "nodes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  const int n = in.next() % 5;
  for (int i = 0; i < n && !in.done(); ++i) {
    const std::uint8_t way = in.next();
    const char* name = kNames[way % 6];
    if (way == 200) {  // a graph within itself
      H5Lcreate_hard(at, ".", nodes.get(), name, H5P_DEFAULT, H5P_DEFAULT);
      continue;
    }
    if (way == 201) {
      H5Lcreate_soft("/nowhere", nodes.get(), name, H5P_DEFAULT, H5P_DEFAULT);
      continue;
    }
    const Hdf5Handle node(H5Gcreate2(nodes.get(), name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    if (!node) continue;
    if (way > 240 && depth < 40) {
      add_graph(node.get(), in, depth + 1);
      continue;
    }
    add_text(node.get(), "type", {kTypes[in.next() % 20]}, in);
    const int keys = in.next() % 7;
    for (int k = 0; k < keys; ++k) add_array(node.get(), kKeys[in.next() % 12], in);
  }
  std::vector<const char*> edges;
  for (int i = in.next() % 8; i > 0; --i)
    for (int side = 0; side < 2; ++side) edges.push_back(kNames[in.next() % 6]);
  if (!edges.empty()) add_text(at, "edges", edges, in);
  if (edges.empty()) add_array(at, "edges", in);
}

/// What a graph means, if it means anything: as a network and in steps.
void understand(const spikeloop::nir::Graph& graph, std::uint8_t way) {
  using namespace spikeloop;
  const nir::FlatGraph flat = nir::flatten(graph);
  std::uint64_t values = 0;
  for (const nir::FlatNode& n : flat.nodes) values += n.size();
  if (values > 1 << 16) return;  // it is the meaning that is tried here, not the memory
  try {
    const nir::Given given{nir::Unit::kSecond, kMillisecond, static_cast<nir::Pulse>(way % 3), static_cast<Reset>(way / 3 % 2)};
    (void)Network(nir::network_of(flat, nir::settle(flat, given)).description);
  } catch (const DescriptionError&) {
  }
  nir::Stepper stepper(flat, nir::tools()[way % nir::tools().size()], 1e-3);
  std::vector<std::vector<double>> inputs;
  for (const std::size_t i : flat.inputs) inputs.emplace_back(flat.nodes[i].size(), 1.0);
  for (int step = 0; step < 2; ++step) stepper.step(inputs);
}

}  // namespace

/// A valid container with content that the bytes decide. What can be read is written and read again, and must be the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop;
  const io::QuietHdf5 quiet;
  Bytes in(data, size);
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fapl_core(access.get(), 1 << 16, 0);
  const Hdf5Handle file(H5Fcreate("fuzz", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()));
  add_text(file.get(), "version", {"1.0.7"}, in);
  const Hdf5Handle node(H5Gcreate2(file.get(), "node", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  add_graph(node.get(), in, 0);
  std::string bytes;
  try {
    const nir::Graph graph = io::read_nir(file, "fuzz");
    bytes = io::nir_bytes(graph);
    understand(graph, size > 0 ? data[size - 1] : std::uint8_t{0});
  } catch (const DescriptionError&) {
    if (bytes.empty()) return 0;
  }
  const Hdf5Handle again(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fapl_core(again.get(), 1 << 16, 0);
  H5Pset_file_image(again.get(), bytes.data(), bytes.size());
  const Hdf5Handle copy(H5Fopen("copy", H5F_ACC_RDONLY, again.get()));
  if (!copy || io::nir_bytes(io::read_nir(copy, "copy")) != bytes) std::abort();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/errors.hpp"
#include "core/io/files.hpp"
#include "core/io/lines.hpp"
#include "core/io/nir.hpp"
#include "core/io/nir_array.hpp"

namespace spikeloop::io {
namespace {

using nir::Array;
using nir::Stored;

Array text(const std::string& value) { return {Stored::kString, {}, std::vector<std::string>{value}}; }

/// In memory, until it is complete.
class Writer {
 public:
  explicit Writer(bool gzip) : gzip_(gzip) {
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_fapl_core(access.get(), 1 << 16, 0);
    file_ = Hdf5Handle(checked(H5Fcreate("nir", H5F_ACC_TRUNC, H5P_DEFAULT, access.get())));
  }

  std::string bytes(const nir::Graph& graph) {
    write_array(file_.get(), "version", text(graph.version.empty() ? "1.0.7" : graph.version), false);
    write_graph(group(file_.get(), "node").get(), graph);
    if (H5Fflush(file_.get(), H5F_SCOPE_GLOBAL) < 0) throw BugError("a NIR file in memory could not be flushed");
    const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
    std::string image(size < 0 ? 0 : static_cast<std::size_t>(size), '\0');
    if (size < 0 || H5Fget_file_image(file_.get(), image.data(), image.size()) < 0) throw BugError("a NIR file in memory has no image");
    return image;
  }

 private:
  static hid_t checked(hid_t id) {
    if (id < 0) throw BugError("a NIR file in memory could not be written");
    return id;
  }

  static Hdf5Handle group(hid_t at, const std::string& name) {
    if (name.empty() || name == "." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
      throw DescriptionError(fmt::format("{} cannot be the name of a node in a NIR file; rename it, without slashes", in_quotes(name)));
    const Hdf5Handle made(H5Pcreate(H5P_GROUP_CREATE));
    H5Pset_obj_track_times(made.get(), false);
    return Hdf5Handle(checked(H5Gcreate2(at, name.c_str(), H5P_DEFAULT, made.get(), H5P_DEFAULT)));
  }

  void write_all(hid_t at, const std::map<std::string, Array>& arrays) const {
    for (const auto& [key, array] : arrays) write_array(at, key, array, gzip_);
  }

  void write_metadata(hid_t node, const std::map<std::string, Array>& metadata) const {
    if (metadata.empty()) return;
    const Hdf5Handle top = group(node, "metadata");
    for (const auto& [path, array] : metadata) {
      hid_t at = top.get();
      Hdf5Handle below;
      std::size_t begin = 0;
      for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', begin)) {
        const std::string name = path.substr(begin, slash - begin);
        below =
            H5Lexists(at, name.c_str(), H5P_DEFAULT) > 0 ? Hdf5Handle(checked(H5Gopen2(at, name.c_str(), H5P_DEFAULT))) : group(at, name);
        at = below.get();
        begin = slash + 1;
      }
      write_array(at, path.substr(begin), array, gzip_);
    }
  }

  void write_node(hid_t at, const nir::Node& node) const {
    if (node.graph) return write_graph(at, *node.graph);
    write_array(at, "type", text(node.type), false);
    write_all(at, node.parameters);
    write_metadata(at, node.metadata);
  }

  void write_graph(hid_t at, const nir::Graph& graph) const {
    write_array(at, "type", text("NIRGraph"), false);
    const Hdf5Handle nodes = group(at, "nodes");
    for (const nir::Node& node : graph.nodes) write_node(group(nodes.get(), node.name).get(), node);
    Array edges{Stored::kString, {graph.edges.size(), 2}, std::vector<std::string>{}};
    for (const auto& [source, target] : graph.edges)
      for (const std::string& name : {source, target}) std::get<std::vector<std::string>>(edges.values).push_back(name);
    write_array(at, "edges", edges, gzip_);
    write_all(at, graph.parameters);
    write_metadata(at, graph.metadata);
  }

  bool gzip_;
  Hdf5Handle file_;
};

}  // namespace

std::string nir_bytes(const nir::Graph& graph, const NirWriteOptions& options) {
  const QuietHdf5 quiet;
  return Writer(options.gzip).bytes(graph);
}

void write_nir(const std::filesystem::path& path, const nir::Graph& graph, const NirWriteOptions& options) {
  write_file(path, nir_bytes(graph, options));
}

}  // namespace spikeloop::io

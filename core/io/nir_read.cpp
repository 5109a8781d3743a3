// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"
#include "core/io/lines.hpp"
#include "core/io/nir.hpp"
#include "core/io/nir_array.hpp"

namespace spikeloop::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLinks = 1 << 17, kMostMetadataDepth = 16, kMostName = 1024;

bool has(hid_t at, const char* link) { return H5Lexists(at, link, H5P_DEFAULT) > 0; }

Hdf5Handle open(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) fail_nir(path.string(), "", "does not exist", "check the name");
  Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (!file) fail_nir(path.string(), "", "is no HDF5 file, or one that is cut", "the file was not copied completely: get it again");
  return file;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  nir::Graph root(hid_t file) {
    if (!has(file, "node")) fail_nir(name_, "/", "has no group /node: it is no NIR file", "write it with nir.write");
    const Hdf5Handle node = group(file, "node", "/node");
    const std::string type = text(node.get(), "type", "/node/type");
    if (type != "NIRGraph")
      fail_nir(name_, "/node/type", "is " + in_quotes(type) + ", but the root must be a NIRGraph", "write it with nir.write");
    nir::Graph g = graph(node.get(), "/node", 0);
    if (has(file, "version")) g.version = text(file, "version", "/version");
    return g;
  }

 private:
  /// The names in a group, each a link to something of this file.
  std::vector<std::string> links(hid_t at, const std::string& place) {
    struct Found {
      std::vector<std::string> names;
      bool all_here = true;
      std::size_t left;
    } found{{}, true, kMostLinks - std::min(kMostLinks, links_)};
    const auto collect = [](hid_t, const char* link, const H5L_info_t* info, void* to) -> herr_t {
      auto& f = *static_cast<Found*>(to);
      if (f.names.size() >= f.left) return -1;
      f.all_here &= info->type == H5L_TYPE_HARD;
      f.names.emplace_back(link);
      return 0;
    };
    if (H5Literate(at, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &found) < 0)
      fail_nir(name_, place, fmt::format("cannot be listed, or the file has more than {} names", kMostLinks), "write a smaller network");
    if (!found.all_here) fail_nir(name_, place, "has links to elsewhere", "write everything into its own place");
    links_ += found.names.size();
    for (const std::string& n : found.names)
      if (n.size() > kMostName) fail_nir(name_, place, fmt::format("has a name of {} bytes", n.size()), "use shorter names");
    return std::move(found.names);
  }

  Hdf5Handle group(hid_t at, const char* link, const std::string& place) const {
    Hdf5Handle g(H5Gopen2(at, link, H5P_DEFAULT));
    if (!g) fail_nir(name_, place, "is no group", "write it with nir.write");
    return g;
  }

  nir::Array array(hid_t at, const std::string& link, const std::string& place) {
    return read_array(at, link.c_str(), place, name_, values_left_);
  }

  std::string text(hid_t at, const char* link, const std::string& place) {
    if (!has(at, link)) fail_nir(name_, place, "is missing", "write it with nir.write");
    const nir::Array a = array(at, link, place);
    if (!a.is_text() || a.size() != 1) fail_nir(name_, place, "is not one text", "write a variable-length string");
    return std::get<std::vector<std::string>>(a.values).front();
  }

  bool is_group(hid_t at, const std::string& link) const {
    const Hdf5Handle object(H5Oopen(at, link.c_str(), H5P_DEFAULT));
    return object && H5Iget_type(object.get()) == H5I_GROUP;
  }

  void metadata(hid_t at, const std::string& below, const std::string& place, std::map<std::string, nir::Array>& out, std::size_t depth) {
    if (depth > kMostMetadataDepth) fail_nir(name_, place, "is nested too deeply", "flatten the metadata");
    for (const std::string& link : links(at, place)) {
      const std::string key = below.empty() ? link : below + "/" + link, where = place + "/" + link;
      if (is_group(at, link))
        metadata(group(at, link.c_str(), where).get(), key, where, out, depth + 1);
      else
        out.emplace(key, array(at, link, where));
    }
  }

  nir::Node node(hid_t at, const std::string& name, const std::string& place, std::size_t depth) {
    if (++nodes_ > kMostNirNodes)
      fail_nir(name_, place, fmt::format("is one of more than {} nodes", kMostNirNodes), "write a smaller network");
    nir::Node n;
    n.name = name;
    n.type = text(at, "type", place + "/type");
    if (n.type == "NIRGraph") {
      n.graph = std::make_shared<const nir::Graph>(graph(at, place, depth + 1));
      return n;
    }
    for (const std::string& link : links(at, place)) {
      const std::string where = place + "/" + link;
      if (link == "metadata" && is_group(at, link))
        metadata(group(at, "metadata", where).get(), "", where, n.metadata, 0);
      else if (link != "type")
        n.parameters.emplace(link, array(at, link, where));
    }
    return n;
  }

  nir::Graph graph(hid_t at, const std::string& place, std::size_t depth) {
    if (depth > kMostNirDepth) fail_nir(name_, place, fmt::format("is nested more than {} deep", kMostNirDepth), "flatten the network");
    nir::Graph g;
    for (const char* must : {"nodes", "edges"})
      if (!has(at, must)) fail_nir(name_, place + "/" + must, "is missing", "write it with nir.write");
    const Hdf5Handle nodes = group(at, "nodes", place + "/nodes");
    for (const std::string& link : links(nodes.get(), place + "/nodes")) {
      const std::string where = place + "/nodes/" + link;
      g.nodes.push_back(node(group(nodes.get(), link.c_str(), where).get(), link, where, depth));
    }
    edges(at, place + "/edges", g);
    for (const std::string& link : links(at, place)) {
      const std::string where = place + "/" + link;
      if (link == "metadata" && is_group(at, link))
        metadata(group(at, "metadata", where).get(), "", where, g.metadata, 0);
      else if (link != "type" && link != "nodes" && link != "edges")
        g.parameters.emplace(link, array(at, link, where));
    }
    return g;
  }

  void edges(hid_t at, const std::string& place, nir::Graph& g) {
    const nir::Array a = array(at, "edges", place);
    if (a.size() == 0) return;  // an empty list has any type and shape
    if (!a.is_text() || a.shape.size() != 2 || a.shape[1] != 2)
      fail_nir(name_, place, "is not a table of two names a row", "write (source, target) as strings");
    if (a.shape[0] > kMostNirEdges) fail_nir(name_, place, fmt::format("has more than {} edges", kMostNirEdges), "write a smaller network");
    const auto& names = std::get<std::vector<std::string>>(a.values);
    for (std::size_t i = 0; i < names.size(); i += 2) g.edges.emplace_back(names[i], names[i + 1]);
  }

  const std::string& name_;
  std::uint64_t values_left_ = kMostNirValues;
  std::size_t nodes_ = 0, links_ = 0;
};

}  // namespace

bool is_nir(const fs::path& path) {
  const QuietHdf5 quiet;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored) || H5Fis_hdf5(path.c_str()) <= 0) return false;
  const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  return file && has(file.get(), "node");
}

nir::Graph read_nir(const fs::path& path) {
  const QuietHdf5 quiet;
  return read_nir(open(path), path.string());
}

nir::Graph read_nir(const Hdf5Handle& file, const std::string& name) {
  const QuietHdf5 quiet;
  return Reader(name).root(file.get());
}

}  // namespace spikeloop::io

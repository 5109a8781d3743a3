// SPDX-License-Identifier: Apache-2.0
#include "core/io/nir.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/io/files.hpp"
#include "core/io/nir_array.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

namespace fs = std::filesystem;
using nir::Array;
using nir::Graph;
using nir::Node;
using nir::Stored;
using test::complaint;
using test::contains;
using test::TemporaryFolder;

Array reals(std::vector<std::uint64_t> shape, std::vector<double> values, Stored stored = Stored::kFloat32) {
  return {stored, std::move(shape), std::move(values)};
}
Array integers(std::vector<std::uint64_t> shape, std::vector<std::int64_t> values, Stored stored = Stored::kInt64) {
  return {stored, std::move(shape), std::move(values)};
}
Array text(std::string value) { return {Stored::kString, {}, std::vector<std::string>{std::move(value)}}; }

/// Everything that a file may have: every kind of number, rank 0, a text for a number, dots in names, a cycle, edges twice, metadata, a
/// graph in the graph.
Graph rich_graph() {
  Graph inner;
  inner.nodes = {{"input", "Input", {{"shape", integers({1}, {3})}}, {}, nullptr},
                 {"lif.a", "LIF", {{"tau", reals({}, {0.5})}, {"r", reals({3}, {1, 2, 3}, Stored::kFloat64)}}, {}, nullptr},
                 {"output", "Output", {{"shape", integers({1}, {3})}}, {}, nullptr}};
  inner.edges = {{"lif.a", "lif.a"}, {"input", "lif.a"}, {"lif.a", "output"}, {"input", "lif.a"}};
  inner.metadata = {{"note", text("within")}};
  Graph g;
  g.version = "0.2.0";
  g.nodes = {{"conv",
              "Conv2d",
              {{"weight", reals({2, 1, 1, 2}, {1, -2, 0.5, 0.25}, Stored::kFloat16)},
               {"padding", text("same")},
               {"groups", integers({}, {1}, Stored::kInt32)},
               {"flag", integers({2}, {1, 0}, Stored::kBool)},
               {"nothing", reals({0}, {})}},
              {{"author/name", text("Zoë")}, {"author/year", integers({}, {1926}, Stored::kUint16)}, {"b", reals({2}, {1, 2})}},
              nullptr},
             {"sub", "NIRGraph", {}, {}, std::make_shared<const Graph>(inner)}};
  g.edges = {{"sub", "conv"}, {"conv", "sub"}, {"sub", "conv"}};
  g.metadata = {{"seed", integers({}, {-5})}};
  return g;
}

TEST(Nir, a_graph_comes_back_as_it_was) {
  const TemporaryFolder folder;
  const Graph g = rich_graph();
  for (const bool gzip : {false, true}) {
    const fs::path file = folder / (gzip ? "packed.nir" : "plain.nir");
    write_nir(file, g, {gzip});
    EXPECT_TRUE(is_nir(file));
    EXPECT_EQ(read_nir(file), g);
    EXPECT_EQ(nir_bytes(read_nir(file), {gzip}), read_file(file, 1 << 20)) << "the same graph, other bytes";
  }
}

TEST(Nir, published_files_come_back_as_they_were) {
  const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
  const fs::path data = fs::path(folder ? folder : SPIKELOOP_SOURCE_DIR "/../shared/data") / "nir";
  if (!fs::exists(data / "lif_norse.nir")) GTEST_SKIP() << "SKIPPED: nir/lif_norse.nir is not in SPIKELOOP_DATA_DIR";
  const TemporaryFolder out;
  for (const char* name : {"lif_norse.nir", "two_lif_neurons.nir", "braille_noDelay_bias_zero.nir"}) {
    const Graph g = read_nir(data / name);
    write_nir(out / name, g);
    EXPECT_EQ(read_nir(out / name), g) << name;
  }
  const Graph braille = read_nir(data / "braille_noDelay_bias_zero.nir");
  ASSERT_EQ(braille.nodes.size(), 7u);
  ASSERT_NE(braille.find("lif1.w_rec"), nullptr);
  EXPECT_EQ(braille.edges.front(), (std::pair<std::string, std::string>{"lif1.w_rec", "lif1.lif"})) << "edges keep their order";
  EXPECT_EQ(braille.find("lif1.w_rec")->parameter("weight")->shape, (std::vector<std::uint64_t>{38, 38}));
  EXPECT_EQ(braille.find("lif1.lif")->parameter("v_reset"), nullptr);
}

/// What the reference reader does with a file: every text decoded from UTF-8, `type` of every node, edges as pairs, everything else `[()]`.
constexpr const char* kReferenceReader = R"py(
import sys, h5py, numpy
def read_node(group):
    kind = group["type"][()].decode("utf8")
    meta = [k for k in group.get("metadata", {})]
    if kind == "NIRGraph":
        nodes = {k: read_node(v) for k, v in group["nodes"].items()}
        return kind, nodes, [(a.decode("utf8"), b.decode("utf8")) for a, b in group["edges"]], meta
    return kind, {k: (v.dtype.str, v.shape, numpy.ravel(v[()]).tolist()) for k, v in group.items() if k not in ("type", "metadata")}, meta
with h5py.File(sys.argv[1], "r") as f:
    assert f["version"].dtype == h5py.string_dtype("utf-8") and f["version"].shape == ()
    assert f["node/edges"].dtype == h5py.string_dtype("utf-8")
    assert not f.attrs and not f["node"].attrs
    kind, nodes, edges, meta = read_node(f["node"])
    assert f["version"][()].decode("utf8") == "0.2.0" and kind == "NIRGraph"
    assert edges == [("sub", "conv"), ("conv", "sub"), ("sub", "conv")], edges
    conv = nodes["conv"][1]
    assert conv["weight"] == ("<f2", (2, 1, 1, 2), [1, -2, 0.5, 0.25]), conv["weight"]
    assert conv["groups"] == ("<i4", (), [1]) and conv["flag"] == ("|b1", (2,), [True, False]), conv
    assert conv["padding"][2] == [b"same"] and conv["nothing"] == ("<f4", (0,), [])
    assert f["node/nodes/conv/metadata/author/name"][()].decode("utf8") == "Zo\u00eb"
    assert f["node/nodes/conv/metadata/author/year"].dtype == "u2"
    inner = nodes["sub"]
    assert inner[0] == "NIRGraph" and inner[2][0] == ("lif.a", "lif.a") and inner[1]["lif.a"][1]["tau"][1] == ()
)py";

/// Writes what a file of the reference writer looks like, each dataset as `create_dataset` makes it; the second argument packs it.
constexpr const char* kReferenceWriter = R"py(
import sys, h5py, numpy
options = {"compression": sys.argv[2]} if len(sys.argv) > 2 else {}
with h5py.File(sys.argv[1], "w") as f:
    f.create_dataset("version", data="1.0.7")
    node = f.create_group("node"); node.create_dataset("type", data="NIRGraph")
    nodes = node.create_group("nodes")
    def add(name, **datasets):
        g = nodes.create_group(name)
        for k, v in datasets.items():
            g.create_dataset(k, data=v, **(options if isinstance(v, numpy.ndarray) and v.ndim else {}))
    add("in", type="Input", shape=numpy.array([2]))
    add("f", type="LIF", tau=numpy.array([0.01, 0.02]), r=numpy.float32(1), v_leak=numpy.zeros(2, "f2"), v_threshold=numpy.ones(2, "i4"))
    add("s", type="Scale", scale=numpy.array([True, False]))
    node.create_dataset("edges", data=numpy.array([("in", "s"), ("s", "f")], dtype=h5py.string_dtype()), **options)
)py";

/// False, loudly, where there is no h5py.
bool has_h5py() { return std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") == 0; }

int run_python(const TemporaryFolder& folder, const char* program, const std::string& arguments) {
  const fs::path file = folder.write("program.py", program);
  return std::system(("/usr/bin/python3 '" + file.string() + "' " + arguments).c_str());
}

TEST(Nir, h5py_reads_what_is_written) {
  if (!has_h5py()) GTEST_SKIP() << "SKIPPED: /usr/bin/python3 has no h5py (Debian: python3-h5py)";
  const TemporaryFolder folder;
  for (const bool gzip : {false, true}) {
    write_nir(folder / "g.nir", rich_graph(), {gzip});
    EXPECT_EQ(run_python(folder, kReferenceReader, "'" + (folder / "g.nir").string() + "'"), 0) << "gzip " << gzip;
  }
}

TEST(Nir, what_h5py_writes_is_read_packed_or_not) {
  if (!has_h5py()) GTEST_SKIP() << "SKIPPED: /usr/bin/python3 has no h5py (Debian: python3-h5py)";
  const TemporaryFolder folder;
  const std::string file = "'" + (folder / "h.nir").string() + "'";
  Graph plain;
  for (const char* packing : {"", " gzip"}) {
    ASSERT_EQ(run_python(folder, kReferenceWriter, file + packing), 0);
    const Graph g = read_nir(folder / "h.nir");
    ASSERT_NE(g.find("f"), nullptr);
    EXPECT_EQ(*g.find("f")->parameter("tau"), reals({2}, {0.01, 0.02}, Stored::kFloat64));
    EXPECT_EQ(*g.find("f")->parameter("r"), reals({}, {1}));
    EXPECT_EQ(g.find("f")->parameter("v_leak")->stored, Stored::kFloat16);
    EXPECT_EQ(*g.find("s")->parameter("scale"), integers({2}, {1, 0}, Stored::kBool));
    EXPECT_EQ(g.edges.size(), 2u);
    if (*packing == 0)
      plain = g;
    else
      EXPECT_EQ(g, plain);
  }
  ASSERT_EQ(run_python(folder, kReferenceWriter, file + " lzf"), 0);
  const std::string fault = complaint([&] { read_nir(folder / "h.nir"); });
  contains(fault, "lzf");
  contains(fault, "/node/nodes/f/tau");
}

TEST(Nir, files_that_are_none_are_refused_with_the_place) {
  const TemporaryFolder folder;
  contains(complaint([&] { read_nir(folder / "none.nir"); }), "does not exist");
  contains(complaint([&] { read_nir(folder.write("text.nir", "hello")); }), "no HDF5 file");
  EXPECT_FALSE(is_nir(folder / "text.nir"));
  const std::string bytes = nir_bytes(rich_graph());
  contains(complaint([&] { read_nir(folder.write("cut.nir", bytes.substr(0, bytes.size() / 2))); }), "cut.nir");
  Graph slash;
  slash.nodes = {{"a/b", "Input", {}, {}, nullptr}};
  contains(complaint([&] { nir_bytes(slash); }), "slashes");
}

TEST(Nir, a_graph_that_contains_itself_ends) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("loop.nir", nir_bytes(rich_graph()));
  {
    const Hdf5Handle h(H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Lcreate_hard(h.get(), "/node", h.get(), "/node/nodes/again", H5P_DEFAULT, H5P_DEFAULT);
  }
  contains(complaint([&] { read_nir(file); }), "nested");
}

TEST(Nir, what_is_declared_but_not_there_is_refused_before_it_is_allocated) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("hole.nir", nir_bytes(rich_graph()));
  {
    const Hdf5Handle h(H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    const hsize_t dims[2] = {1 << 13, 1 << 13};
    const Hdf5Handle space(H5Screate_simple(2, dims, nullptr));
    H5Idec_ref(H5Dcreate2(h.get(), "/node/nodes/conv/hole", H5T_IEEE_F64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  contains(complaint([&] { read_nir(file); }), "says that it has 67108864 values, and holds 0");
}

}  // namespace
}  // namespace spikeloop::io

// SPDX-License-Identifier: Apache-2.0
// The ceiling: one network, hand-specialised, nothing general about it. The engine is measured against this in the same run.
//
// Balanced network of Brunel (2000), delta synapses: N neurons (80 % excitatory), each with 0.08 N excitatory and 0.02 N inhibitory
// afferents drawn uniformly (multapses and autapses allowed), J = 0.1 mV, g = 5, external Poisson drive at eta = 2 times the threshold rate
// (one aggregate source a neuron), tau_m = 20 ms, V_th = 20 mV, V_reset = 10 mV, refractory 2 ms, delay 1.5 ms, tick 0.1 ms. The first 100
// ms are not counted. One tick: external drive -> deliver due spikes -> decay, add, threshold. 16-bit targets, no stored weights, one
// accumulator.
//
//   g++ -O3 -march=native -ffast-math -o ceiling ceiling_brunel.cpp && ./ceiling [neurons=10000] [ms=1000] [indegree_fraction=0.1]
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

using Clock = std::chrono::steady_clock;
static double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

struct Xoshiro {  // xoshiro256++ (Blackman, Vigna 2018)
  uint64_t s[4] = {1, 2, 3, 4};
  static uint64_t rotl(uint64_t x, int k) { return x << k | x >> (64 - k); }
  uint64_t operator()() {
    const uint64_t r = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return r;
  }
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(((*this)() >> 32) * n >> 32); }
};

template <class Index>
static void simulate(uint32_t n, double ms, double fraction) {
  const uint32_t n_e = n * 8 / 10, n_i = n - n_e, c_e = static_cast<uint32_t>(n_e * fraction), c_i = static_cast<uint32_t>(n_i * fraction),
                 c = c_e + c_i;
  const float j = 0.1f, g = 5, eta = 2, v_th = 20, v_reset = 10, tau = 20, dt = 0.1f;
  const int delay = 15, refractory = 20;
  Xoshiro rng;
  auto t0 = Clock::now();
  std::vector<uint64_t> row(n + 1, 0);
  std::vector<uint32_t> source(static_cast<size_t>(n) * c);
  for (uint32_t post = 0; post < n; ++post)
    for (uint32_t k = 0; k < c; ++k) {
      const uint32_t s = k < c_e ? rng.below(n_e) : n_e + rng.below(n_i);
      source[static_cast<size_t>(post) * c + k] = s;
      ++row[s + 1];
    }
  for (uint32_t i = 0; i < n; ++i) row[i + 1] += row[i];
  std::vector<Index> target(source.size());
  {
    std::vector<uint64_t> at(row.begin(), row.end() - 1);
    for (uint32_t post = 0; post < n; ++post)
      for (uint32_t k = 0; k < c; ++k) target[at[source[static_cast<size_t>(post) * c + k]]++] = static_cast<Index>(post);
  }
  std::vector<uint32_t>().swap(source);
  const double build_s = since(t0);

  std::vector<float> drive(65536);  // inverse CDF of the Poisson count of one tick, times J
  {
    const double mean = eta * v_th / (j * c_e * tau) * c_e * dt;
    double p = std::exp(-mean), cdf = p;
    int k = 0;
    for (int i = 0; i < 65536; ++i) {
      while ((i + 0.5) / 65536 > cdf && k < 60) {
        ++k;
        p *= mean / k;
        cdf += p;
      }
      drive[i] = k * j;
    }
  }

  std::vector<float> v(n, 0), in(n + 4, 0);
  std::vector<int16_t> wait(n, 0);
  std::vector<std::vector<uint32_t>> due(delay + 1);
  const float decay = std::exp(-dt / tau);
  uint64_t spikes = 0, events = 0;
  double deliver_s = 0;
  t0 = Clock::now();
  for (int t = 0, warm_up = static_cast<int>(100 / dt), ticks = warm_up + static_cast<int>(ms / dt); t < ticks; ++t) {
    if (t == warm_up) {
      spikes = events = 0;
      deliver_s = 0;
      t0 = Clock::now();
    }
    for (uint32_t i = 0; i < n; i += 4) {
      const uint64_t r = rng();
      in[i] = drive[r & 65535];
      in[i + 1] = drive[r >> 16 & 65535];
      in[i + 2] = drive[r >> 32 & 65535];
      in[i + 3] = drive[r >> 48];
    }
    auto& now = due[t % (delay + 1)];
    const auto d0 = Clock::now();
    for (uint32_t s : now) {
      const float w = s < n_e ? j : -g * j;
      const Index *a = &target[row[s]], *b = target.data() + row[s + 1];
      events += b - a;
      for (; a + 4 <= b; a += 4) {
        in[a[0]] += w;
        in[a[1]] += w;
        in[a[2]] += w;
        in[a[3]] += w;
      }
      for (; a < b; ++a) in[*a] += w;
    }
    deliver_s += since(d0);
    now.clear();
    auto& out = due[(t + delay) % (delay + 1)];
    for (uint32_t i = 0; i < n; ++i) {
      const bool r = wait[i] > 0;
      wait[i] -= r;
      v[i] = r ? v_reset : v[i] * decay + in[i];
    }
    for (uint32_t i = 0; i < n; ++i)
      if (v[i] >= v_th) {
        v[i] = v_reset;
        wait[i] = refractory;
        out.push_back(i);
        ++spikes;
      }
  }
  const double sim_s = since(t0);
  std::printf(
      "{\"neurons\": %u, \"synapses\": %zu, \"build_s\": %.3f, \"simulate_s\": %.3f, \"deliver_s\": %.3f, \"rate_hz\": %.2f, "
      "\"synaptic_events\": %llu, "
      "\"events_per_s\": %.4g, \"deliver_events_per_s\": %.4g, \"real_time_factor\": %.3f}\n",
      n, target.size(), build_s, sim_s, deliver_s, spikes / (n * ms / 1000), static_cast<unsigned long long>(events), events / sim_s,
      events / deliver_s, sim_s / (ms / 1000));
}

int main(int argc, char** argv) {
  const uint32_t n = argc > 1 ? std::atoi(argv[1]) : 10000;
  const double ms = argc > 2 ? std::atof(argv[2]) : 1000, fraction = argc > 3 ? std::atof(argv[3]) : 0.1;
  if (n <= 65536)
    simulate<uint16_t>(n, ms, fraction);
  else
    simulate<uint32_t>(n, ms, fraction);
}

// When flows end in SimGrid: reads configurations (agreement.txt) and writes `configuration,flow,finish_s` for each flow.
// One configuration per process, as SimGrid simulates one platform per process: `flows FILE NAME [--cfg=...]`.

#include <simgrid/s4u.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace s4u = simgrid::s4u;

struct Flow {
  unsigned from, to;
  double bytes, start_s;
};

struct Configuration {
  std::vector<double> ports;
  std::vector<double> latencies_s;
  double backplane   = 0;
  unsigned leaf_size = 0;
  double uplink      = 0;
  bool half_duplex   = false;
  std::vector<Flow> flows;
};

static double from_mbit(double mbit)
{
  return mbit * 1e6 / 8;
}

static void add_line(Configuration& configuration, const std::string& key, std::istringstream& words)
{
  double number, bandwidth;
  Flow flow;
  if (key == "hosts") {
    while (words >> number)
      configuration.ports.push_back(from_mbit(number));
  } else if (key == "latency") {
    while (words >> number)
      configuration.latencies_s.push_back(number * 1e-6);
  } else if (key == "half_duplex") {
    configuration.half_duplex = true;
  } else if (key == "backplane" && words >> number) {
    configuration.backplane = from_mbit(number);
  } else if (key == "leaves" && words >> number >> bandwidth) {
    configuration.leaf_size = static_cast<unsigned>(number);
    configuration.uplink    = from_mbit(bandwidth);
  } else if (key == "flow" && words >> flow.from >> flow.to >> flow.bytes >> flow.start_s) {
    flow.start_s *= 1e-6;
    configuration.flows.push_back(flow);
  } else {
    throw std::runtime_error("cannot read a line that begins with " + key);
  }
}

static Configuration read(const std::string& file, const std::string& name)
{
  std::ifstream stream(file);
  std::string line, key;
  Configuration configuration;
  bool is_wanted = false;
  while (std::getline(stream, line)) {
    std::istringstream words(line);
    if (not(words >> key) || key[0] == '#')
      continue;
    if (key == "configuration")
      is_wanted = line == "configuration " + name;
    else if (is_wanted)
      add_line(configuration, key, words);
  }
  if (configuration.flows.empty())
    throw std::runtime_error("no configuration " + name + " in " + file);
  return configuration;
}

// Hosts with the links to and from them; routes are made as flows need them.
class Platform {
  const Configuration& configuration_;
  s4u::NetZone* zone_ = s4u::create_full_zone("zone");
  std::vector<s4u::Link*> up_, down_, leaf_up_, leaf_down_;
  s4u::Link* backplane_ = nullptr;
  std::map<std::pair<unsigned, unsigned>, bool> routed_;

  s4u::Link* link(const std::string& name, double bandwidth, double latency_s)
  {
    return zone_->create_link(name, bandwidth)->set_latency(latency_s)->seal();
  }

public:
  std::vector<s4u::Host*> hosts;

  explicit Platform(const Configuration& configuration) : configuration_(configuration)
  {
    for (size_t i = 0; i < configuration.ports.size(); i++) {
      auto name      = std::to_string(i);
      auto latency_s = configuration.latencies_s[std::min(i, configuration.latencies_s.size() - 1)] / 2;
      hosts.push_back(zone_->create_host("host-" + name, 1e9)->seal());
      up_.push_back(link("up-" + name, configuration.ports[i], latency_s));
      down_.push_back(configuration.half_duplex
                          ? up_.back()
                          : link("down-" + name, configuration.ports[i], latency_s));
    }
    if (configuration.backplane > 0)
      backplane_ = link("backplane", configuration.backplane, 0);
    for (size_t i = 0; configuration.leaf_size > 0 && i < hosts.size(); i += configuration.leaf_size) {
      leaf_up_.push_back(link("leaf-up-" + std::to_string(i), configuration.uplink, 0));
      leaf_down_.push_back(link("leaf-down-" + std::to_string(i), configuration.uplink, 0));
    }
    for (auto const& flow : configuration.flows)
      add_route(flow.from, flow.to);
    zone_->seal();
  }

private:
  void add_route(unsigned from, unsigned to)
  {
    if (std::exchange(routed_[{from, to}], true))
      return;
    std::vector<s4u::LinkInRoute> links{s4u::LinkInRoute(up_[from])};
    if (backplane_ != nullptr)
      links.emplace_back(backplane_);
    auto leaf = configuration_.leaf_size;
    if (leaf > 0 && from / leaf != to / leaf) {
      links.emplace_back(leaf_up_[from / leaf]);
      links.emplace_back(leaf_down_[to / leaf]);
    }
    links.emplace_back(down_[to]);
    zone_->add_route(hosts[from]->get_netpoint(), hosts[to]->get_netpoint(), nullptr, nullptr, links, false);
  }
};

int main(int argc, char* argv[])
{
  s4u::Engine engine(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: flows FILE CONFIGURATION [--cfg=...]\n");
    return 2;
  }
  auto configuration = read(argv[1], argv[2]);
  Platform platform(configuration);
  std::vector<double> finish_s(configuration.flows.size(), -1);
  static int payload;
  for (size_t i = 0; i < configuration.flows.size(); i++) {
    auto const& flow = configuration.flows[i];
    auto* mailbox    = s4u::Mailbox::by_name(std::to_string(i));
    s4u::Actor::create("sender", platform.hosts[flow.from], [flow, mailbox] {
      s4u::this_actor::sleep_until(flow.start_s);
      mailbox->put(&payload, static_cast<uint64_t>(flow.bytes));
    });
    s4u::Actor::create("receiver", platform.hosts[flow.to], [mailbox, &finish_s, i] {
      mailbox->get<int>();
      finish_s[i] = s4u::Engine::get_clock();
    });
  }
  engine.run();
  for (size_t i = 0; i < finish_s.size(); i++)
    std::printf("\"%s\",%zu,%.9f\n", argv[2], i, finish_s[i]);
  return 0;
}

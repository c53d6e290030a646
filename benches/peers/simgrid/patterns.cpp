// Patterns of messages as an S4U program: `patterns PATTERN RANKS [--cfg=...]`. The platform is a star of 100 Mbit/s ports,
// four ranks to a host. Prints simulated seconds, number of messages and peak memory in kB.
//
// Messages are eager: each mailbox has its receiver set, so that a message leaves when it is sent, and the sender goes on.
// One actor per rank.

#include <simgrid/s4u.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace s4u = simgrid::s4u;

constexpr unsigned RANKS_PER_HOST   = 4;
constexpr double PORT               = 100e6 / 8;
constexpr double LATENCY_S          = 50e-6;
constexpr double LOCAL_BANDWIDTH    = 500e6;
constexpr double LOCAL_LATENCY_S    = 1e-6;
constexpr uint64_t GATHER_BYTES     = 1000;
constexpr uint64_t BARRIER_BYTES    = 8;
constexpr uint64_t EXCHANGE_BYTES   = 10'000;

static unsigned n_ranks;
static unsigned long n_messages = 0;
static double simulated_s       = 0;

// Mailboxes of each rank. A pattern uses as many of them in turn as it needs so that no message takes the place of another.
static std::vector<s4u::Mailbox*> mailboxes;
static unsigned n_mailboxes = 1;

static s4u::Mailbox* mailbox(unsigned rank, unsigned step)
{
  return mailboxes[rank * n_mailboxes + step % n_mailboxes];
}

static std::vector<s4u::Host*> star(unsigned n_hosts)
{
  auto* zone = s4u::create_star_zone("star");
  std::vector<s4u::Host*> hosts;
  for (unsigned i = 0; i < n_hosts; i++) {
    auto name  = std::to_string(i);
    auto* host = zone->create_host("host-" + name, 1e9)->seal();
    auto* port = zone->create_split_duplex_link("port-" + name, PORT)->set_latency(LATENCY_S / 2);
    port->seal();
    auto* local = zone->create_link("local-" + name, LOCAL_BANDWIDTH)
                      ->set_sharing_policy(s4u::Link::SharingPolicy::FATPIPE)
                      ->set_latency(LOCAL_LATENCY_S)
                      ->seal();
    zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr,
                    std::vector<s4u::LinkInRoute>{{port, s4u::LinkInRoute::Direction::UP}}, true);
    zone->add_route(host->get_netpoint(), host->get_netpoint(), nullptr, nullptr, {s4u::LinkInRoute(local)});
    hosts.push_back(host);
  }
  zone->seal();
  return hosts;
}

// The payload is the step, so that a message that took the place of another would be noticed.
static void receive(unsigned rank, unsigned step)
{
  auto got = reinterpret_cast<uintptr_t>(mailbox(rank, step)->get<void>());
  if (got != step + 1) {
    std::fprintf(stderr, "rank %u got a message of step %zu in step %u\n", rank, got - 1, step);
    std::exit(1);
  }
}

// Sends of each rank that may be under way. Detached sends would be simpler, but SimGrid takes three times as long for them
// with 4,096 ranks, and more with more.
static std::vector<std::deque<s4u::CommPtr>> sends;
constexpr size_t SENDS_MAX = 8;

static void send(unsigned from, unsigned to, unsigned step, uint64_t bytes)
{
  n_messages++;
  sends[from].push_back(mailbox(to, step)->put_async(reinterpret_cast<void*>(uintptr_t{step} + 1), bytes));
  if (sends[from].size() > SENDS_MAX) {
    sends[from].front()->wait();
    sends[from].pop_front();
  }
}

static void exchange(unsigned rank, unsigned to, unsigned step, uint64_t bytes)
{
  send(rank, to, step, bytes);
  receive(rank, step);
}

static void gather(unsigned rank)
{
  if (rank > 0)
    send(rank, 0, 0, GATHER_BYTES);
  else
    for (unsigned i = 1; i < n_ranks; i++)
      receive(0, 0);
}

static void dissemination(unsigned rank)
{
  for (unsigned step = 0; (1u << step) < n_ranks; step++)
    exchange(rank, (rank + (1u << step)) % n_ranks, step, BARRIER_BYTES);
}

static void alltoall(unsigned rank)
{
  for (unsigned step = 1; step < n_ranks; step++)
    exchange(rank, (rank + step) % n_ranks, step, EXCHANGE_BYTES);
}

static void ring(unsigned rank)
{
  for (unsigned step = 0; step < 2 * (n_ranks - 1); step++)
    exchange(rank, (rank + 1) % n_ranks, step, EXCHANGE_BYTES);
}

int main(int argc, char* argv[])
{
  s4u::Engine engine(&argc, argv);
  if (argc != 3)
    return 2;
  n_ranks = std::atoi(argv[2]);
  std::function<void(unsigned)> pattern;
  if (std::strcmp(argv[1], "gather") == 0) {
    pattern = gather;
  } else if (std::strcmp(argv[1], "dissemination") == 0) {
    pattern     = dissemination;
    n_mailboxes = 32;
    while (n_mailboxes > 1 && (1u << (n_mailboxes - 1)) >= n_ranks)
      n_mailboxes--;
  } else if (std::strcmp(argv[1], "alltoall") == 0) {
    pattern     = alltoall;
    n_mailboxes = 16;
  } else if (std::strcmp(argv[1], "ring") == 0) {
    pattern = ring;
  } else {
    return 2;
  }
  sends.resize(n_ranks);
  auto hosts = star((n_ranks + RANKS_PER_HOST - 1) / RANKS_PER_HOST);
  for (unsigned i = 0; i < n_ranks * n_mailboxes; i++)
    mailboxes.push_back(s4u::Mailbox::by_name(std::to_string(i)));
  for (unsigned rank = 0; rank < n_ranks; rank++) {
    auto actor = s4u::Actor::create("rank", hosts[rank / RANKS_PER_HOST], [rank, &pattern] {
      pattern(rank);
      simulated_s = std::max(simulated_s, s4u::Engine::get_clock());
      for (auto& sent : sends[rank])
        sent->wait();
      sends[rank].clear();
    });
    for (unsigned step = 0; step < n_mailboxes; step++)
      mailbox(rank, step)->set_receiver(actor);
  }
  engine.run();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%.9f %lu %ld\n", simulated_s, n_messages, usage.ru_maxrss);
  return 0;
}

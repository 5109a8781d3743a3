// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>

#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

/// A child process that opens the board, starts a stream, sends a request, says so by a byte, and waits to be killed.
class OtherProcess {
 public:
  explicit OtherProcess(UsbBoardId id) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      use_board(id, ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    char said = 0;
    if (::read(ends[0], &said, 1) != 1) said = 0;
    ::close(ends[0]);
    opened_ = said == 'o';
  }
  ~OtherProcess() { kill(); }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  bool opened() const { return opened_; }
  pid_t id() const { return child_; }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  static void use_board(UsbBoardId id, int say) {
    try {
      const auto board = open_usb(std::make_shared<UsbContext>(), {id.vendor, id.product, ""});
      board->start_stream({});
      board->control_out({FakeBoard::kStore, 0, 0}, std::vector<std::byte>(100), Milliseconds(20'000));
      if (::write(say, "o", 1) != 1) return;
      for (;;) ::pause();
    } catch (const std::exception&) {
      if (::write(say, "x", 1) != 1) return;
    }
  }

  pid_t child_ = 0;
  bool opened_ = false;
};

TEST(UsbProcesses, ABoardThatAnotherProcessHasIsBusyAndFreeOnceThatIsKilled) {
  constexpr UsbBoardId kId = kUsbBoards[0];
  ::alarm(30);
  UsbfsBed bed;
  FakeBoard fake;
  UsbfsPort port(bed, fake, {.memory = UsbfsMemory::copied});
  port.plug();
  OtherProcess other(kId);  // before there is a libusb context here, for a fork does not take its thread along
  ASSERT_TRUE(other.opened());
  const auto context = std::make_shared<UsbContext>();
  const UsbSelector selector{kId.vendor, kId.product, "00000008"};
  try {
    open_usb(context, selector);
    FAIL();
  } catch (const Busy& fault) {
    EXPECT_NE(std::string(fault.what()).find("(process " + std::to_string(other.id()) + ")"), std::string::npos) << fault.what();
  }
  const auto listed = list_usb(*context, kId.vendor, kId.product);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].access, UsbAccess::in_use);
  other.kill();
  while (list_usb(*context, kId.vendor, kId.product).at(0).access == UsbAccess::in_use) std::this_thread::sleep_for(Milliseconds(1));
  const auto board = open_usb(context, selector);
  board->start_stream({});
  port.with_device([&] { fake.send(std::vector<std::byte>(10)); });
  std::vector<std::byte> into(100);
  EXPECT_EQ(board->read_stream(into, Milliseconds(20'000)), 10U);
  board->close();
  ::alarm(0);
}

}  // namespace
}  // namespace spikeloop::firmware

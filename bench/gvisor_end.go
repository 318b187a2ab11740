// gvisor_end.go - gVisor's netstack, as a peer: echo on port 7, discard on 9,
// chargen on 19.
//
//	gvisor_end DEVICE ADDRESS	a /24
//
// It takes the device's frames by a packet socket with the virtio header, as
// runsc does with its end of a veth: large segments pass uncut in both
// directions, what comes in needs no checksum, recvmmsg() reads in batches.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const (
	nic    = 1
	buffer = 128 << 10
	most   = 8 << 20 // a connection's send or receive buffer
)

func must(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "gvisor_end: %s: %v\n", what, err)
		os.Exit(1)
	}
}

// tcpip.Error is no error of Go's.
func need(what string, err tcpip.Error) {
	if err != nil {
		must(what, fmt.Errorf("%v", err))
	}
}

func htons(v uint16) int {
	return int(v<<8 | v>>8)
}

func link(device string) stack.LinkEndpoint {
	ifp, err := net.InterfaceByName(device)
	must(device, err)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW,
		htons(unix.ETH_P_ALL))
	must("packet socket", err)
	must("PACKET_VNET_HDR", unix.SetsockoptInt(fd, unix.SOL_PACKET,
		unix.PACKET_VNET_HDR, 1))
	must("bind", unix.Bind(fd, &unix.SockaddrLinklayer{
		Protocol: uint16(htons(unix.ETH_P_ALL)), Ifindex: ifp.Index}))
	// Not all kernels allow this much.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4<<20)
	ep, err := fdbased.New(&fdbased.Options{
		FDs:                []int{fd},
		MTU:                uint32(ifp.MTU),
		EthernetHeader:     true,
		Address:            tcpip.LinkAddress(ifp.HardwareAddr),
		PacketDispatchMode: fdbased.RecvMMsg,
		GSOMaxSize:         65536,
		RXChecksumOffload:  true,
	})
	must("fdbased", err)
	return ep
}

func newStack(device string, address tcpip.Address) *stack.Stack {
	s := stack.New(stack.Options{
		NetworkProtocols: []stack.NetworkProtocolFactory{
			ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{
			tcp.NewProtocol},
	})
	sack := tcpip.TCPSACKEnabled(true)
	moderate := tcpip.TCPModerateReceiveBufferOption(true)
	snd := tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: 1 << 20,
		Max: most}
	rcv := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096,
		Default: 1 << 20, Max: most}
	for _, o := range []tcpip.SettableTransportProtocolOption{&sack,
		&moderate, &snd, &rcv} {
		need("option", s.SetTransportProtocolOption(tcp.ProtocolNumber,
			o))
	}
	need("nic", s.CreateNIC(nic, link(device)))
	need("address", s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{
			Address: address, PrefixLen: 24},
	}, stack.AddressProperties{}))
	s.SetRouteTable([]tcpip.Route{{
		Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s
}

func serve(c net.Conn, port uint16) {
	buf := make([]byte, buffer)
	n := len(buf)
	var err error

	defer c.Close()
	for err == nil {
		if port != 19 {
			n, err = c.Read(buf)
		}
		if err == nil && port != 9 {
			_, err = c.Write(buf[:n])
		}
	}
}

func service(s *stack.Stack, address tcpip.Address, port uint16) {
	l, err := gonet.ListenTCP(s, tcpip.FullAddress{NIC: nic, Addr: address,
		Port: port}, ipv4.ProtocolNumber)
	must("port "+strconv.Itoa(int(port)), err)
	for {
		c, err := l.Accept()
		must("accept", err)
		go serve(c, port)
	}
}

func main() {
	if len(os.Args) != 3 || net.ParseIP(os.Args[2]).To4() == nil {
		fmt.Fprintln(os.Stderr, "usage: gvisor_end DEVICE ADDRESS")
		os.Exit(2)
	}
	address := tcpip.Address(net.ParseIP(os.Args[2]).To4())
	s := newStack(os.Args[1], address)
	go service(s, address, 7)
	go service(s, address, 9)
	service(s, address, 19)
}

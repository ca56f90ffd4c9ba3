import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedRange } from "../../src/forward/address-guard.js";

const REFUSED = [
  ["0.0.0.0", "this host"],
  ["10.0.0.1", "private"],
  ["100.64.0.1", "carrier-grade NAT"],
  ["100.100.100.200", "Alibaba's metadata service"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback, far end"],
  ["168.63.129.16", "Azure's host agent"],
  ["169.254.169.254", "the cloud's metadata service"],
  ["172.16.0.1", "private"],
  ["192.0.0.1", "protocol assignments"],
  ["192.0.2.1", "documentation"],
  ["192.88.99.1", "6to4 relay"],
  ["192.168.0.1", "private"],
  ["198.18.0.1", "benchmarking"],
  ["224.0.0.1", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::7f00:1", "IPv4-compatible loopback"],
  ["::ffff:127.0.0.1", "mapped loopback"],
  ["::ffff:8.8.8.8", "mapped public: another way to write what has one"],
  ["64:ff9b::7f00:1", "NAT64 of loopback"],
  ["64:ff9b:1::a00:1", "local NAT64"],
  ["100::1", "discard"],
  ["2001::1", "Teredo"],
  ["2001:db8::1", "documentation"],
  ["2002:7f00:1::", "6to4 of loopback"],
  ["3fff::1", "documentation"],
  ["5f00::1", "segment routing"],
  ["fc00::1", "unique local"],
  ["fd00:ec2::254", "EC2's metadata service"],
  ["fe80::1", "link-local"],
  ["fec0::1", "site-local"],
  ["ff02::1", "multicast"],
  ["not an address", "nonsense"],
] as const;

describe("refusedRange", () => {
  for (const [address, what] of REFUSED) it(`refuses ${address} (${what})`, () => assert.notEqual(refusedRange(address), undefined));
  for (const address of ["8.8.8.8", "34.96.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]) {
    it(`takes ${address}, which is public`, () => assert.equal(refusedRange(address), undefined));
  }
});

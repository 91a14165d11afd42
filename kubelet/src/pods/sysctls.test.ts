import { describe, expect, it } from 'vitest'
import type { Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { container, pod } from './fixtures.ts'
import { dotted, forbiddenSysctl, sysctlAllowlist } from './sysctls.ts'

const setting = (name: string, spec: Partial<PodSpec> = {}): Pod =>
  pod({ containers: [container('a')], securityContext: { sysctls: [{ name, value: '1' }] }, ...spec })
const forbidden = (why: string) => ({ reason: 'SysctlForbidden', message: `forbidden sysctl: ${why}` })
const net = { hostNetwork: true }
const ipc = { hostIPC: true }

describe('forbiddenSysctl', () => {
  it.each<[string, string[], Pod, string | undefined]>([
    ['none', [], pod({ containers: [] }), undefined],
    ['a safe one', [], setting('kernel.shm_rmid_forced'), undefined],
    ['a safe one with slashes', [], setting('net/ipv4/ip_local_port_range'), undefined],
    ['a safe one of the network', [], setting('net.ipv4.tcp_rmem'), undefined],
    ['an unsafe one', [], setting('kernel.msgmax'), '"kernel.msgmax" not allowlisted'],
    ['an unsafe one with slashes', [], setting('kernel/msgmax'), '"kernel.msgmax" not allowlisted'],
    ['one that is allowed', ['kernel.msgmax'], setting('kernel.msgmax'), undefined],
    ['one of a group that is allowed', ['kernel.msg*', 'net.ipv4.*'], setting('kernel.msgmax'), undefined],
    ['another of the network', ['kernel.msg*'], setting('net.core.somaxconn'), '"net.core.somaxconn" not allowlisted'],
    ['one that no namespace has', ['net.*'], setting('kernel.hostname'), '"kernel.hostname" not allowlisted'],
    [
      "the host's IPC namespace",
      [],
      setting('kernel.shm_rmid_forced', ipc),
      '"kernel.shm_rmid_forced" not allowed with host ipc enabled',
    ],
    ["the host's network and another namespace", [], setting('kernel.shm_rmid_forced', net), undefined],
    [
      "the host's network",
      [],
      setting('net.ipv4.tcp_syncookies', net),
      '"net.ipv4.tcp_syncookies" not allowed with host net enabled',
    ],
    [
      "the host's network and a group",
      ['net.core.*'],
      setting('net.core.somaxconn', net),
      '"net.core.somaxconn" not allowed with host net enabled',
    ],
    [
      "the host's IPC namespace and a group",
      ['fs.mqueue.*'],
      setting('fs.mqueue.msg_max', ipc),
      '"fs.mqueue.msg_max" not allowed with host ipc enabled',
    ],
  ])('%s', (_, allowed, of, why) => {
    expect(forbiddenSysctl(of, sysctlAllowlist(allowed))).toEqual(why === undefined ? undefined : forbidden(why))
  })
})

describe('sysctlAllowlist', () => {
  it.each([
    ['kernel.hostname', 'the sysctl "kernel.hostname" are not known to be namespaced'],
    ['vm.*', 'the sysctls "vm.*" are not known to be namespaced'],
    ['*', 'the sysctls "*" are not known to be namespaced'],
    ['net.**', 'must have at most 253 characters and match regex'],
    ['net._', 'must have at most 253 characters and match regex'],
    [`net.${'a'.repeat(250)}`, 'must have at most 253 characters and match regex'],
  ])('refuses %s', (name, why) => {
    expect(() => sysctlAllowlist([name])).toThrow(why)
  })

  it.each(['kernel.sem', 'net/ipv4/conf/eth0.1/forwarding', 'kernel.shm*'])('takes %s', (name) => {
    expect(() => sysctlAllowlist([name])).not.toThrow()
  })
})

describe('dotted', () => {
  it.each([
    ['kernel.msgmax', 'kernel.msgmax'],
    ['kernel/msgmax', 'kernel.msgmax'],
    ['net/ipv4/conf/eth0.1/forwarding', 'net.ipv4.conf.eth0/1.forwarding'],
    ['net.ipv4.conf.eth0/1.forwarding', 'net.ipv4.conf.eth0/1.forwarding'],
    ['plain', 'plain'],
  ])('%s', (name, expected) => {
    expect(dotted(name)).toBe(expected)
  })
})

import { expect, it } from 'vitest'
import { interfacesOf } from './interfaces.ts'

const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    9000      90    0    0    0     0          0         0     9000      90    0    0    0     0       0          0
  eth0: 1234567    1000    3    4    0     0          0         5  7654321    2000    6    7    0     0       0          0
net1.5:10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0
docker0:      10       1    0    0    0     0          0         0       20       2    0    0    0     0       0          0
`

it('what went through the interfaces of a Pod, but for those of containers that it runs itself', () => {
  expect(interfacesOf(text)).toEqual([
    { name: 'eth0', rxBytes: 1_234_567, rxErrors: 3, txBytes: 7_654_321, txErrors: 6 },
    { name: 'net1.5', rxBytes: 10, rxErrors: 0, txBytes: 20, txErrors: 0 },
  ])
  expect(interfacesOf('')).toEqual([])
})

import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { node, pod } from '../cases.ts'
import type { ClusterEvent } from '../framework/events.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'

const added = (one: Node): ClusterEvent => ({ kind: 'NodeAdd', node: one })
const changed = (old: Node, now: Node): ClusterEvent => ({ kind: 'NodeUpdate', old, node: now })
const resized = (old: Pod, now: Pod): ClusterEvent => ({
  kind: 'AssignedPodUpdate',
  old: podInfo(old),
  pod: podInfo(now),
})
const gone = (other: Pod): ClusterEvent => ({ kind: 'AssignedPodDelete', pod: podInfo(other) })

const wanting = pod('p', { cpu: '2', memory: '1Gi' })
const modest = pod('p', { memory: '1Gi' })
const special = pod('p', { foo: 2 })

// pkg/scheduler/framework/plugins/noderesources/fit_test.go Test_isSchedulableAfterNodeChange, Test_isSchedulableAfterPodEvent
describe('NodeResourcesFit tries a Pod again', () => {
  it.each<[what: string, waiting: Pod, event: ClusterEvent, want: boolean]>([
    ['a new node with room', wanting, added(node('a', { cpu: '2', memory: '1Gi' })), true],
    ['a new node that is too small', wanting, added(node('a', { cpu: '1' })), false],
    ['a new node without the resource', special, added(node('a')), false],
    ['a new node with the resource', special, added(node('a', { foo: 2 })), true],
    ['a new node that takes no Pods', modest, added(node('a', { pods: '0' })), false],
    ['a node that grew, and is big enough', wanting, changed(node('a', { cpu: '1' }), node('a', { cpu: '2' })), true],
    [
      'a node that grew, and is still too small',
      wanting,
      changed(node('a', { cpu: '1' }), node('a', { cpu: '1500m' })),
      false,
    ],
    ['a node that shrank', wanting, changed(node('a', { cpu: '8' }), node('a', { cpu: '4' })), false],
    [
      'a node that grew in what it does not ask for',
      modest,
      changed(node('a', { cpu: '1' }), node('a', { cpu: '2' })),
      false,
    ],
    ['a node that takes more Pods', modest, changed(node('a', { pods: '1' }), node('a', { pods: '2' })), true],
    ['a node that takes fewer Pods', modest, changed(node('a', { pods: '3' }), node('a', { pods: '2' })), false],
    ['a node with more of the resource', special, changed(node('a', { foo: 1 }), node('a', { foo: 3 })), true],
    ['a node that stays as it is', wanting, changed(node('a'), node('a')), false],
    ['another Pod that is gone', wanting, gone(pod('o', { on: 'a' })), true],
    [
      'another Pod that needs less',
      wanting,
      resized(pod('o', { cpu: '2', on: 'a' }), pod('o', { cpu: '1', on: 'a' })),
      true,
    ],
    [
      'another Pod that needs more',
      wanting,
      resized(pod('o', { cpu: '1', on: 'a' }), pod('o', { cpu: '2', on: 'a' })),
      false,
    ],
    [
      'another Pod that needs less of what it does not ask for',
      modest,
      resized(pod('o', { cpu: '2', on: 'a' }), pod('o', { cpu: '1', on: 'a' })),
      false,
    ],
    ['another Pod that got its node', wanting, { kind: 'AssignedPodAdd', pod: podInfo(pod('o', { on: 'a' })) }, false],
  ])('for %s', (_what, waiting, event, want) => {
    expect(nodeResourcesFit().queueingHint?.(podInfo(waiting), event)).toBe(want)
  })
})

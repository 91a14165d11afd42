// How it is written down who has which devices. pkg/kubelet/cm/devicemanager/checkpoint/checkpoint.go
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import { goChecksum, quotedMap } from '../checksum.ts'
import { decodeResponse, encodeResponse } from './api.ts'
import type { Assignment } from './model.ts'

/** Who has what, and the healthy devices of each resource. */
export interface Checkpoint {
  assignments: readonly Assignment[]
  registered: ReadonlyMap<string, readonly string[]>
}

interface Entry {
  PodUID: string
  ContainerName: string
  ResourceName: string
  DeviceIDs: Record<string, string[]>
  AllocResp: string
}

interface Data {
  PodDeviceEntries: Entry[] | null
  RegisteredDevices: Record<string, string[]>
}

export function checkpointText({ assignments, registered }: Checkpoint): string {
  const entries = assignments.map((one): Entry => ({
    PodUID: one.podUid,
    ContainerName: one.container,
    ResourceName: one.resource,
    DeviceIDs: Object.fromEntries([...one.devices].map(([node, ids]) => [String(node), [...ids]])),
    AllocResp: encodeResponse(one.response).toString('base64'),
  }))
  const data: Data = {
    PodDeviceEntries: entries.length > 0 ? entries : null,
    RegisteredDevices: Object.fromEntries([...registered].toSorted().map(([name, ids]) => [name, [...ids]])),
  }
  return JSON.stringify({ Data: data, Checksum: checksumOf(data) })
}

/** Reads such a text. Throws an Error when it is broken. */
export function parseCheckpoint(text: string): Checkpoint {
  const corrupt = new Error('checkpoint is corrupted')
  let data: Data
  try {
    const file = JSON.parse(text) as { Data: Data; Checksum: number }
    data = file.Data
    if (!isObject(data.RegisteredDevices) || checksumOf(data) !== file.Checksum) throw corrupt
  } catch {
    throw corrupt
  }
  return {
    assignments: (data.PodDeviceEntries ?? []).map((one) => ({
      podUid: one.PodUID,
      container: one.ContainerName,
      resource: one.ResourceName,
      devices: new Map(Object.entries(one.DeviceIDs).map(([node, ids]) => [Number(node), ids])),
      response: decodeResponse(Buffer.from(one.AllocResp, 'base64')),
    })),
    registered: new Map(Object.entries(data.RegisteredDevices)),
  }
}

function checksumOf({ PodDeviceEntries: entries, RegisteredDevices: registered }: Data): number {
  const lists = (map: Record<string, string[]>, inOrder: (a: string, b: string) => number): [string, string][] =>
    Object.entries(map)
      .toSorted(([a], [b]) => inOrder(a, b))
      .map(([key, ids]): [string, string] => [key, `[${ids.join(' ')}]`])
  const numbers = (a: string, b: string): number => Number(a) - Number(b)
  const texts = (a: string, b: string): number => (a < b ? -1 : 1)
  const dumped = entries?.map((one) => {
    const names = `PodUID:(string)${one.PodUID} ContainerName:(string)${one.ContainerName} ResourceName:(string)${one.ResourceName}`
    const devices = lists(one.DeviceIDs, numbers).map(([key, value]) => `${key}:${value}`)
    const bytes = [...Buffer.from(one.AllocResp, 'base64')].join(' ')
    return `{${names} DeviceIDs:(checkpoint.DevicesPerNUMA)map[${devices.join(' ')}] AllocResp:([]uint8)[${bytes}]}`
  })
  const all = `PodDeviceEntries:([]checkpoint.PodDevicesEntry)${dumped ? `[${dumped.join(' ')}]` : '<nil>'}`
  const known = `RegisteredDevices:(map[string][]string)${quotedMap(lists(registered, texts))}`
  return goChecksum(`(checkpoint.checkpointData){${all} ${known}}`)
}

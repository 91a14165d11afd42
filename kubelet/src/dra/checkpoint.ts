// How it is written down what is prepared, as upstream's file dra_manager_state.
// pkg/kubelet/cm/dra/state/state.go, checkpoint.go
import { crc32 } from 'node:zlib'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import type { ClaimInfo } from './claims.ts'

interface Entry {
  ClaimUID: string
  ClaimName: string
  Namespace: string
  PodUIDs: Record<string, object>
  DriverState: Record<string, { Devices: Device[] | null }>
}

interface Device {
  PoolName: string
  DeviceName: string
  ShareID: string | null
  RequestNames: readonly string[] | null
  CDIDeviceIDs: readonly string[] | null
}

const typeMeta = { kind: 'DRACheckpoint', apiVersion: 'checkpoint.dra.kubelet.k8s.io/v1' }

// Go has null for an empty list
const orNull = <T>(list: readonly T[]): readonly T[] | null => (list.length > 0 ? list : null)

export function checkpointText(claims: readonly ClaimInfo[]): string {
  const entries = claims.map((one): Entry => ({
    ClaimUID: one.uid,
    ClaimName: one.name,
    Namespace: one.namespace,
    PodUIDs: Object.fromEntries([...one.podUids].toSorted().map((uid) => [uid, {}])),
    DriverState: Object.fromEntries(
      [...one.drivers].toSorted().map(([driver, devices]) => [
        driver,
        {
          Devices: orNull(
            devices.map((device): Device => ({
              PoolName: device.pool,
              DeviceName: device.name,
              ShareID: device.shareId ?? null,
              RequestNames: orNull(device.requests),
              CDIDeviceIDs: orNull(device.cdiIds),
            })),
          ) as Device[] | null,
        },
      ]),
    ),
  }))
  const Data = JSON.stringify({ ...typeMeta, Entries: orNull(entries) })
  return JSON.stringify({ Data, Checksum: crc32(Data) })
}

/** Reads such a text. @throws Error when it is broken */
export function parseCheckpoint(text: string): ClaimInfo[] {
  const corrupt = new Error('checkpoint is corrupted')
  try {
    const file = JSON.parse(text) as unknown
    if (!isObject(file) || typeof file['Data'] !== 'string' || crc32(file['Data']) !== file['Checksum']) throw corrupt
    const { Entries } = JSON.parse(file['Data']) as { Entries: Entry[] | null }
    return (Entries ?? []).map((one) => ({
      uid: one.ClaimUID,
      name: one.ClaimName,
      namespace: one.Namespace,
      podUids: new Set(Object.keys(one.PodUIDs)),
      drivers: new Map(
        Object.entries(one.DriverState).map(([driver, { Devices }]) => [
          driver,
          (Devices ?? []).map((device) => ({
            pool: device.PoolName,
            name: device.DeviceName,
            shareId: device.ShareID ?? undefined,
            requests: device.RequestNames ?? [],
            cdiIds: device.CDIDeviceIDs ?? [],
          })),
        ]),
      ),
    }))
  } catch {
    throw corrupt
  }
}

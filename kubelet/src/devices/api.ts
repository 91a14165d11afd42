// The services of deviceplugin/v1beta1, and their messages as bytes.
import { loadService } from '../plugins/grpc.ts'
import type { ContainerResponse } from './model.ts'

const proto = new URL('deviceplugin.proto', import.meta.url)

export const registration = loadService(proto, 'v1beta1.Registration')
export const devicePlugin = loadService(proto, 'v1beta1.DevicePlugin')

/** What the kubelet can speak. v1beta1/constants.go */
export const apiVersion = 'v1beta1'

interface AllocateResponse {
  container_responses: ContainerResponse[]
}

const { Allocate: allocate } = devicePlugin.service
const firstField = 0x0a

/** One container's part of an AllocateResponse, as protobuf. */
export function encodeResponse(response: ContainerResponse): Buffer {
  const message: AllocateResponse = { container_responses: [response] }
  const whole = allocate?.responseSerialize(message) ?? Buffer.alloc(0)
  // it is the one field of the whole: a tag, a length, and then itself
  let at = 1
  while ((whole[at] ?? 0) >= 0x80) at++
  return whole.subarray(at + 1)
}

/** Reads it. Throws an Error when it is broken. */
export function decodeResponse(bytes: Buffer): ContainerResponse {
  const length: number[] = []
  let rest = bytes.length
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  const whole = Buffer.concat([Buffer.from([firstField, ...length, rest]), bytes])
  const { container_responses: responses } = allocate?.responseDeserialize(whole) as AllocateResponse
  return responses[0] ?? {}
}

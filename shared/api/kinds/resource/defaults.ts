import type { DeviceClaim, DeviceToleration } from '../../types/resource-v1.ts'

interface Request {
  allocationMode?: string
  count?: number
  tolerations?: DeviceToleration[]
}

/** Fills in what a claim's requests leave out, in place. */
// pkg/apis/resource/v1/defaults.go SetDefaults_ExactDeviceRequest, SetDefaults_DeviceSubRequest, SetDefaults_DeviceToleration
export function defaultDeviceClaim({ requests }: DeviceClaim): void {
  for (const { exactly, firstAvailable = [] } of requests ?? []) {
    if (exactly) defaultRequest(exactly)
    for (const alternative of firstAvailable) defaultRequest(alternative)
  }
}

function defaultRequest(request: Request): void {
  request.allocationMode ||= 'ExactCount'
  if (request.allocationMode === 'ExactCount' && !request.count) request.count = 1
  for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal'
}

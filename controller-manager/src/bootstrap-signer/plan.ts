import { createHmac } from 'node:crypto'
import type { ConfigMap, Secret } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { tokenData, tokenTimeLeft } from '@kubets/shared/api/bootstrap-token.ts'

export const configMapName = 'cluster-info'
export const configMapNamespace = 'kube-public'
const signaturePrefix = 'jws-kubeconfig-'

const encode = (value: string | Buffer): string => Buffer.from(value).toString('base64url')

/** The content's signature with a token, as a JWS without the content. */
// cluster-bootstrap/token/jws/jws.go ComputeDetachedSignature
export const detachedSignature = (content: string, id: string, secret: string): string => {
  const head = encode(JSON.stringify({ alg: 'HS256', kid: id }))
  const signature = createHmac('sha256', secret)
    .update(`${head}.${encode(content)}`)
    .digest()
  return `${head}..${encode(signature)}`
}

/** The token's id and secret when it may sign. */
// pkg/controller/bootstrap/util.go validateSecretForSigning
const signer = (token: Secret, now: number): { id: string; secret: string } | undefined => {
  const id = tokenData(token, 'token-id')
  const secret = tokenData(token, 'token-secret')
  const isNamed = /^[a-z0-9]{6}$/.test(id) && token.metadata.name === `bootstrap-token-${id}`
  const isUsable = secret !== '' && tokenTimeLeft(token, now) !== 0
  return isNamed && isUsable && tokenData(token, 'usage-bootstrap-signing') === 'true' ? { id, secret } : undefined
}

/** The ConfigMap with its kubeconfig signed by every token that may, and by no other; undefined when it is so. */
// pkg/controller/bootstrap/bootstrapsigner.go signConfigMap
export const plan = (configMap: ConfigMap, tokens: readonly Secret[], now: number): ConfigMap | undefined => {
  const content = configMap.data?.['kubeconfig']
  if (content === undefined) return undefined
  const others = Object.entries(configMap.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix))
  const signatures = tokens.flatMap((token): [string, string][] => {
    const by = signer(token, now)
    return by ? [[`${signaturePrefix}${by.id}`, detachedSignature(content, by.id, by.secret)]] : []
  })
  const data = Object.fromEntries([...others, ...signatures])
  return deepEqual(data, configMap.data) ? undefined : { ...configMap, data }
}

import { createPrivateKey, X509Certificate } from 'node:crypto'

/** A certificate and its key, PEM texts. */
export interface Pair {
  cert: string
  key: string
}

/** Where they are, as the flags say. */
interface Files {
  cert: string | undefined
  key: string | undefined
}

/** The signers that flags may give an authority of their own, as flags call them. */
export const signerFlags = {
  'kubelet-serving': 'kubernetes.io/kubelet-serving',
  'kubelet-client': 'kubernetes.io/kube-apiserver-client-kubelet',
  'kube-apiserver-client': 'kubernetes.io/kube-apiserver-client',
  'legacy-unknown': 'kubernetes.io/legacy-unknown',
} as const

export type SignerFlag = keyof typeof signerFlags

/**
 * With what each signer signs, by its name: all with the cluster's authority, or those that are given one of their own with
 * that. Empty where nothing is given, so that nothing is signed. Throws an Error that names the flag that is wrong.
 */
// cmd/kube-controller-manager/app/certificates.go startCertificateSigningRequestSigningController
export const authoritiesOf = (
  cluster: Files,
  own: Readonly<Record<SignerFlag, Files>>,
  read: (path: string) => string,
): Map<string, Pair> => {
  const pairOf = (flag: string, { cert, key }: Files): Pair => {
    const names = `--${flag}-cert-file and --${flag}-key-file`
    if (cert === undefined || key === undefined) throw new Error(`${names} must be given together`)
    const pair = { cert: read(cert), key: read(key) }
    let isPair: boolean
    try {
      isPair = new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))
    } catch (error) {
      throw new Error(`${names}: ${(error as Error).message}`, { cause: error })
    }
    if (!isPair) throw new Error(`${names}: the key is not that of the certificate`)
    return pair
  }
  const flags = Object.keys(signerFlags) as SignerFlag[]
  const ofTheirOwn = flags.filter((flag) => own[flag].cert !== undefined || own[flag].key !== undefined)
  const hasCluster = cluster.cert !== undefined && cluster.key !== undefined
  if (ofTheirOwn.length === 0) {
    if (!hasCluster) return new Map()
    const pair = pairOf('cluster-signing', cluster)
    return new Map(Object.values(signerFlags).map((signer) => [signer, pair]))
  }
  if (hasCluster) throw new Error('cannot specify default and per controller certs at the same time')
  return new Map(ofTheirOwn.map((flag) => [signerFlags[flag], pairOf(`cluster-signing-${flag}`, own[flag])]))
}

import type { IssuedFor } from '@kubets/shared/process/certificate-requests.ts'

type Usages = Pick<IssuedFor, 'keyUsages' | 'extendedKeyUsages'>

// pkg/controller/certificates/authority/policies.go keyUsageDict
const keyUsages: ReadonlyMap<string, Usages['keyUsages'][number]> = new Map([
  ['signing', 'digitalSignature'],
  ['digital signature', 'digitalSignature'],
  ['content commitment', 'nonRepudiation'],
  ['key encipherment', 'keyEncipherment'],
  ['key agreement', 'keyAgreement'],
  ['data encipherment', 'dataEncipherment'],
  ['cert sign', 'keyCertSign'],
  ['crl sign', 'cRLSign'],
  ['encipher only', 'encipherOnly'],
  ['decipher only', 'decipherOnly'],
])

// pkg/controller/certificates/authority/policies.go extKeyUsageDict, in the order that certificates name them
const extendedKeyUsages: ReadonlyMap<string, string> = new Map([
  ['any', '2.5.29.37.0'],
  ['server auth', '1.3.6.1.5.5.7.3.1'],
  ['client auth', '1.3.6.1.5.5.7.3.2'],
  ['code signing', '1.3.6.1.5.5.7.3.3'],
  ['email protection', '1.3.6.1.5.5.7.3.4'],
  ['s/mime', '1.3.6.1.5.5.7.3.4'],
  ['ipsec end system', '1.3.6.1.5.5.7.3.5'],
  ['ipsec tunnel', '1.3.6.1.5.5.7.3.6'],
  ['ipsec user', '1.3.6.1.5.5.7.3.7'],
  ['timestamping', '1.3.6.1.5.5.7.3.8'],
  ['ocsp signing', '1.3.6.1.5.5.7.3.9'],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
])

/** What a certificate says of the usages that a request names. Throws an Error that names those nobody knows. */
// pkg/controller/certificates/authority/policies.go keyUsagesFromStrings
export const certificateUsages = (usages: readonly string[]): Usages => {
  const unknown = usages.filter((usage) => !keyUsages.has(usage) && !extendedKeyUsages.has(usage))
  if (unknown.length > 0) throw new Error(`unrecognized usage values: ${JSON.stringify(unknown)}`)
  const asked = new Set(usages)
  const ofAsked = <T>(table: ReadonlyMap<string, T>): T[] => [
    ...new Set([...table].filter(([usage]) => asked.has(usage)).map(([, value]) => value)),
  ]
  return { keyUsages: ofAsked(keyUsages), extendedKeyUsages: ofAsked(extendedKeyUsages) }
}

import { describe, expect, it } from 'vitest'
import { errorText, FieldPath } from '../../../../machinery/fieldpath.ts'
import type { CustomResourceConversion } from '../../../types/apiextensions-v1.ts'
import { validateConversion } from './conversion-validation.ts'

// a self-signed certificate that nobody uses
const certificate = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUXsNL9g8lXTeF3hyOyNdVS/eTgFgwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYwNDI1MzRaGA8yMTI2MTEwMjA0MjUz
NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJaS
WY5bl9dSevcZsPOhW62wWO7LAmgFLxYWQ9I5VtDg4VCEXSdh7fwGfGCHMtctyyk6
2FgdLChbWamLtF5XsmCjUzBRMB0GA1UdDgQWBBQfeU26a9RKfAhhXLxkJoxyF5Cl
GzAfBgNVHSMEGDAWgBQfeU26a9RKfAhhXLxkJoxyF5ClGzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIE7IxwmZzlT+Tl9L2EkH6JhFrYCw+qQbh3xd
//z0FeizAiEAvy9K7DGQrqYqWowzzggJx4SBHX2lZVUdHIZopoYFxx4=
-----END CERTIFICATE-----
`
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const webhook = (clientConfig: object, ...versions: string[]): CustomResourceConversion =>
  ({
    strategy: 'Webhook',
    webhook: { clientConfig, conversionReviewVersions: versions.length === 0 ? ['v1'] : versions },
  }) as CustomResourceConversion
const service = { namespace: 'n', name: 's', port: 443 }

describe('conversion', () => {
  const table: [string, CustomResourceConversion, (string | RegExp)[]][] = [
    ['none', { strategy: 'None' }, []],
    ['by a service', webhook({ service, caBundle: base64(certificate) }), []],
    ['by a URL', webhook({ url: 'https://convert.example/a' }, 'v2', 'v1beta1'), []],
    [
      'by another strategy',
      { strategy: 'Magic' },
      ['strategy: Unsupported value: "Magic": supported values: "None", "Webhook"'],
    ],
    ['by nobody', webhook({}), ['webhookClientConfig: Required value: exactly one of url or service is required']],
    [
      'by a URL without encryption',
      webhook({ url: 'http://convert.example' }),
      [
        `webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      ],
    ],
    [
      'by a service without a name',
      webhook({ service: { ...service, name: '' } }),
      ['webhookClientConfig.service.namespace: Required value'],
    ],
    [
      'by a port and a path that are none',
      webhook({ service: { ...service, port: 0, path: 'a//b' } }),
      [
        'webhookClientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
        `webhookClientConfig.service.path: Invalid value: "a//b": must start with a '/'`,
        'webhookClientConfig.service.path: Invalid value: "a//b": segment[0] may not be empty',
        'webhookClientConfig.service.path: Invalid value: "a//b": segment[1] may not be empty',
      ],
    ],
    [
      'in versions nobody knows',
      webhook({ service }, 'v2', 'v2', '1'),
      [
        'conversionReviewVersions[1]: Invalid value: "v2": duplicate version',
        `conversionReviewVersions[2]: Invalid value: "1": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
        'conversionReviewVersions: Invalid value: ["v2","v2","1"]: must include at least one of v1, v1beta1',
      ],
    ],
    [
      'with words for a bundle',
      webhook({ service, caBundle: base64('trust me') }),
      ['webhookClientConfig.caBundle: Invalid value: "dHJ1c3QgbWU=": unable to parse bytes as PEM block'],
    ],
    [
      'with a key for a bundle',
      webhook({ service, caBundle: base64('-----BEGIN KEY-----\nYQ==\n-----END KEY-----\n') }),
      [/caBundle: Invalid value: ".*": no valid certificate authority data seen$/],
    ],
    [
      'with a broken certificate',
      webhook({ service, caBundle: base64('-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n') }),
      [/caBundle: Invalid value: ".*": failed to parse certificate: x509: malformed certificate$/],
    ],
  ]
  it.each(table)('%s', (_, conversion, want) => {
    const errors = validateConversion(conversion, { requireKnown: true, anyBundle: false }, new FieldPath())
    const wanted = want.map((one) => (typeof one === 'string' ? one : (expect.stringMatching(one) as string)))
    expect(errors.map(errorText)).toEqual(wanted)
  })

  it('takes any bundle while the definition is not established', () => {
    const conversion = webhook({ service, caBundle: base64('trust me') })
    expect(validateConversion(conversion, { requireKnown: true, anyBundle: true }, new FieldPath())).toEqual([])
  })
})

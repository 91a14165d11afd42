// The feature gates of this version and what may be said of them. k8s.io/component-base/featuregate/feature_gate.go
import { Gauge, type Registry } from 'prom-client'

type Stage = 'ALPHA' | 'BETA' | '' | 'DEPRECATED'

export interface FeatureGate {
  /** '' when it is generally available. */
  readonly stage: Stage
  readonly on: boolean
  /** Nobody may change it any more. */
  readonly locked: boolean
}

interface Group extends FeatureGate {
  readonly names: string
}

// pkg/features/kube_features.go, and those of k8s.io/apiserver, apiextensions-apiserver, client-go and component-base
const groups: readonly Group[] = [
  {
    stage: 'ALPHA',
    on: false,
    locked: false,
    names: `APIServingWithRoutine AllAlpha AllowUnsafeMalformedObjectDeletion CBORServingAndStorage
      CPUManagerPolicyAlphaOptions CRIListStreaming CSIVolumeHealth ClientsAllowCBOR ClientsPreferCBOR
      CloudControllerManagerWatchBasedRoutesReconciliation CloudControllerManagerWebhook ContainerStopSignals
      ControllerManagerReleaseLeaderElectionLockOnExit CrossNamespaceVolumeDataSource DRAListTypeAttributes
      DRANodeAllocatableResources DRAResourcePoolStatus DRAWorkloadResourceClaims EventedPLEG GangScheduling
      GenericWorkload HPAScaleToZero ImageVolumeWithDigest InPlacePodVerticalScalingExclusiveCPUs
      InPlacePodVerticalScalingExclusiveMemory KubeletInUserNamespace LoggingAlphaOptions
      ManifestBasedAdmissionControlConfig MemoryQoS MutablePVNodeAffinity NativeHistograms
      PersistentVolumeClaimUnusedSinceTime PodAndContainerStatsFromCRI PodLevelResourceManagers PodLogsQuerySplitStreams
      PodsAPI QOSReserved ReduceDefaultCrashLoopBackOffDecay RuntimeClassInImageCriApi ShardedListAndWatch
      StorageCapacityScoring StorageVersionAPI TaintTolerationComparisonOperators TopologyAwareWorkloadScheduling
      TopologyManagerPolicyAlphaOptions UserNamespacesHostNetworkSupport VolumeLimitScaling WindowsCPUAndMemoryAffinity
      WorkloadAwarePreemption WorkloadWithJob`,
  },
  {
    stage: 'BETA',
    on: false,
    locked: false,
    names: `AllBeta ClusterTrustBundle ClusterTrustBundleProjection ConcurrentWatchObjectDecode CoordinatedLeaderElection
      DRADeviceTaintRules LocalStorageCapacityIsolationFSQuotaMonitoring MaxUnavailableStatefulSet PodCertificateRequest
      SELinuxMount SchedulerAsyncAPICalls StorageVersionMigrator`,
  },
  {
    stage: 'BETA',
    on: true,
    locked: false,
    names: `APIResponseCompression APIServerIdentity AllowParsingUserUIDFromCertAuth AtomicFIFO
      AuthorizePodWebsocketUpgradeCreatePermission CPUManagerPolicyBetaOptions CRDObservedGenerationTracking
      ClearingNominatedNodeNameAfterBinding ClientsAllowCARotation ClientsAllowTLSCacheGC ComponentFlagz ComponentStatusz
      ConstrainedImpersonation ContainerCheckpoint ContainerRestartRules ContextualLogging DRAConsumableCapacity
      DRADeviceBindingConditions DRADeviceTaints DRAExtendedResource DRAPartitionableDevices DRAResourceClaimDeviceStatus
      DRAResourceClaimGranularStatusAuthorization DRASchedulerFilterTimeout DeclarativeValidationBeta
      DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency EnvFiles ExtendWebSocketsToKubelet
      GracefulNodeShutdown GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance HostnameOverride
      InOrderInformersBatchProcess InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScalingInitContainers
      KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages KubeletSeparateDiskGC
      KubeletServiceAccountTokenForCredentialProviders ListFromCacheSnapshot LoggingBetaOptions
      MatchLabelKeysInPodTopologySpread MatchLabelKeysInPodTopologySpreadSelectorMerge
      MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs NodeDeclaredFeatures
      NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching PLEGOnDemandRelist PodDeletionCost
      PodLevelResources PodReadyToStartContainersCondition PodTopologyLabelsAdmission PortForwardWebsockets
      PreventStaticPodAPIReferences RelaxedServiceNameValidation ReloadKubeletClientCAFile
      ReloadKubeletServerCertificateFile RemoteRequestHeaderUID ResourceHealthStatus ResourceHealthStatusMessage
      RestartAllContainersOnContainerExits RotateKubeletServerCertificate SchedulerAsyncPreemption
      SchedulerPopFromBackoffQ ServiceAccountNodeAudienceRestriction SizeBasedListCostEstimate
      StaleControllerConsistencyDaemonSet StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet
      StaleControllerConsistencyStatefulSet StatefulSetSemanticRevisionComparison StorageVersionHash
      StrictIPCIDRValidation StructuredAuthenticationConfigurationEgressSelector
      StructuredAuthenticationConfigurationJWKSMetrics TokenRequestServiceAccountUIDValidation
      TopologyManagerPolicyBetaOptions TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation
      UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO WatchCacheInitializationPostStartHook WatchList
      WatchListClient WindowsGracefulNodeShutdown`,
  },
  {
    stage: '',
    on: true,
    locked: true,
    names: `APIServerTracing AnonymousAuthConfigurableEndpoints AuthorizeNodeWithSelectors AuthorizeWithSelectors
      CSIServiceAccountTokenSecrets ConsistentListFromCache DRAAdminAccess DRAPrioritizedList DeclarativeValidation
      DisableAllocatorDualWrite DisableCPUQuotaWithExclusiveCPUs DynamicResourceAllocation ExecProbeTimeout
      ExternalServiceAccountTokenSigner ImageMaximumGCAge ImageVolume InPlacePodVerticalScaling JobManagedBy
      JobPodReplacementPolicy KubeletCgroupDriverFromCRI KubeletFineGrainedAuthz KubeletPSI
      KubeletPodResourcesDynamicResources KubeletPodResourcesGet KubeletTracing LogarithmicScaleDown
      MatchLabelKeysInPodAffinity MemoryManager MultiCIDRServiceAllocator MutableCSINodeAllocatableCount
      MutatingAdmissionPolicy NFTablesProxyMode NodeInclusionPolicyInPodTopologySpread NodeLogQuery NodeSwap
      OrderedNamespaceDeletion PodLifecycleSleepAction PodLifecycleSleepActionAllowZero PodObservedGenerationTracking
      PodSchedulingReadiness PreferSameTrafficDistribution ProcMountType RecoverVolumeExpansionFailure
      RelaxedDNSSearchValidation RelaxedEnvironmentVariableValidation ResilientWatchCacheInitialization
      SELinuxChangePolicy SELinuxMountReadWriteOncePod SchedulerQueueingHints SeparateTaintEvictionController
      ServiceAccountTokenJTI ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
      ServiceAccountTokenPodNodeInfo StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf
      StructuredAuthenticationConfiguration StructuredAuthorizationConfiguration SupplementalGroupsPolicy SystemdWatchdog
      TopologyAwareHints UserNamespacesSupport VolumeAttributesClass WinDSR WinOverlay`,
  },
  { stage: '', on: true, locked: false, names: 'CustomCPUCFSQuotaPeriod TopologyManagerPolicyOptions' },
  {
    stage: 'DEPRECATED',
    on: false,
    locked: false,
    names: `AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests ChangeContainerStatusOnKubeletRestart KMSv1
      KubeletRegistrationGetOnExistsOnly SeparateCacheWatchRPC WindowsHostNetwork`,
  },
  {
    stage: 'DEPRECATED',
    on: true,
    locked: false,
    names: 'DisableNodeKubeProxyVersion KubeletPodResourcesListUseActivePods StorageNamespaceIndex',
  },
  {
    stage: 'DEPRECATED',
    on: false,
    locked: true,
    names: 'AllowOverwriteTerminationGracePeriodSeconds GitRepoVolumeDriver WatchFromStorageWithoutResourceVersion',
  },
  { stage: 'DEPRECATED', on: true, locked: true, names: 'AggregatedDiscoveryRemoveBetaType' },
]

/** All there are, by name. */
export const featureGates: ReadonlyMap<string, FeatureGate> = new Map(
  groups.flatMap(({ names, ...gate }) => names.split(/\s+/).map((name) => [name, gate] as const)),
)

/** What upstream refuses of gates that somebody sets. SetFromMap */
export function gateRefusals(given: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(given).flatMap(([name, on]) => {
    const gate = featureGates.get(name)
    if (!gate) return [`unrecognized feature gate: ${name}`]
    if (!gate.locked || gate.on === on) return []
    return [`cannot set feature gate ${name} to ${on}, feature is locked to ${gate.on}`]
  })
}

/** The gates that are set to what this kubelet cannot be switched to: it does what the version does by default. */
export function unswitchable(given: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(given)
    .filter(([name, on]) => featureGates.get(name)?.on === !on)
    .map(([name, on]) => `featureGates.${name} ${on} is not supported by this kubelet, only ${!on} is`)
}

/** What is said of gates that need not be set any more. SetFromMap */
export function gateWarnings(given: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(given).flatMap(([name, on]) => {
    const stage = featureGates.get(name)?.stage
    if (stage !== '' && stage !== 'DEPRECATED') return []
    const what = stage === '' ? 'GA' : 'deprecated'
    return [`Setting ${what} feature gate ${name}=${on}. It will be removed in a future release.`]
  })
}

/** Tells of all gates. k8s.io/component-base/metrics/prometheus/feature/metrics.go RecordFeatureInfo */
export function gateMetrics(register: Registry): void {
  const enabled = new Gauge({
    name: 'kubernetes_feature_enabled',
    help: '[BETA] This metric records the data about the stage and enablement of a k8s feature.',
    labelNames: ['name', 'stage'],
    registers: [register],
  })
  for (const [name, { stage, on }] of featureGates) enabled.set({ name, stage }, on ? 1 : 0)
}

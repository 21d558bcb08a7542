//! The answer as programs read it: a contract. Fields are added, never renamed, removed or given
//! another meaning; whatever needs that becomes a new version beside this one.
//!
//! These types are nobody else's: the checks can change theirs without changing this contract.

use schemars::JsonSchema;
use serde::Serialize;

use super::text::Text;

/// What `-o json` and `-o yaml` print.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// For one target.
    Diagnosis(Box<Diagnosis>),
    /// For several targets, a namespace, the cluster, webhooks, or several objects in manifests.
    DiagnosisList(DiagnosisList),
}

/// The diagnoses of several subjects.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosisList {
    /// The version of this contract.
    pub api_version: ApiVersion,
    /// Always `DiagnosisList`.
    pub kind: DiagnosisListKind,
    /// In the order in which the subjects were given.
    pub items: Vec<Diagnosis>,
}

/// The diagnosis of one subject.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The version of this contract.
    pub api_version: ApiVersion,
    /// Always `Diagnosis`.
    pub kind: DiagnosisKind,
    /// What it is about.
    pub target: Target,
    /// Where it was looked at.
    pub cluster: Cluster,
    /// What will happen to the next pod; null for a webhook configuration.
    pub predicted: Option<Predicted>,
    /// What the prediction takes for granted, because nobody can know it or it is not evaluated. Where there is any, the
    /// pod comes as predicted if it is admitted.
    pub assumptions: Vec<Assumption>,
    /// Whose label asks for the ambient data plane, where no sidecar keeps the next pod out of it; null elsewhere.
    pub ambient: Option<AmbientBy>,
    /// Who controls the object that makes the pods, where that one's own template is not known: an operator's custom
    /// resource as a rule, or a pod. It may undo what is changed; null where there is nobody.
    pub owner: Option<Owner>,
    /// How the pods fare that exist; null for a webhook configuration.
    pub observed: Option<Observed>,
    /// The injection entries of a webhook configuration; else empty.
    pub webhooks: Vec<Webhook>,
    /// What is wrong with a workload, the worst first; empty where nothing is, and for a webhook
    /// configuration.
    pub symptoms: Vec<Symptom>,
    /// What happened to a pod and to what decides about it, in the order of time.
    pub timeline: Vec<Moment>,
    /// The root cause of the worst symptom; null where nothing is wrong, or where nobody can tell.
    pub root_cause: Option<RootCause>,
    /// What is wrong: the root cause first, then along the pod's way.
    pub findings: Vec<Finding>,
    /// Every check and what came of it.
    pub checks: Vec<Check>,
    /// The reads of the cluster that were refused or failed.
    pub unread: Vec<Unread>,
}

/// Something that a prediction takes for granted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Assumption {
    /// The object that could say otherwise, in kubectl's words.
    pub object: Text,
    /// What is taken for granted.
    pub assumes: Text,
}

/// One of several meshes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mesh {
    /// The namespace whose configuration is the whole mesh's.
    pub root_namespace: Text,
    /// Its ID; null where it has none.
    pub id: Option<Text>,
    /// Its istiods, in words.
    pub istiods: Vec<Text>,
    /// The MutatingWebhookConfigurations that call one of them.
    pub webhooks: Vec<Text>,
}

/// Whose label it is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub enum AmbientBy {
    /// The pod's.
    Pod,
    /// The namespace's.
    Namespace,
}

/// An object that controls others.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Its API version.
    pub api_version: Text,
    /// Its kind.
    pub kind: Text,
    /// Its name.
    pub name: Text,
}

/// The version of this contract.
#[derive(Debug, Serialize, JsonSchema)]
pub enum ApiVersion {
    /// The only one.
    #[serde(rename = "injdoctor.dev/v1alpha1")]
    V1alpha1,
}

/// The kind of a single answer.
#[derive(Debug, Serialize, JsonSchema)]
pub enum DiagnosisKind {
    /// The only one.
    Diagnosis,
}

/// The kind of a list of answers.
#[derive(Debug, Serialize, JsonSchema)]
pub enum DiagnosisListKind {
    /// The only one.
    DiagnosisList,
}

/// What a diagnosis is about.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Kubernetes' kind, such as `Deployment`.
    pub kind: Text,
    /// Its namespace; null for a MutatingWebhookConfiguration.
    pub namespace: Option<Text>,
    /// Its name; empty for a manifest that has only `generateName`, and where there is no injection webhook.
    pub name: Text,
}

/// Where and when it was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// The kubeconfig's context; empty without one.
    pub context: Text,
    /// The API server's version, such as `v1.36.3`; null where it was not read.
    pub kubernetes_version: Option<Text>,
    /// Why the version is not known; null where it is.
    pub kubernetes_version_unknown: Option<Text>,
    /// The istiods that were seen.
    pub istio: Vec<ControlPlane>,
    /// The kinds of control plane that injection webhooks lead to, besides istiods of Istio's own charts:
    /// `cloud-service-mesh`, `aks-add-on`, `openshift-service-mesh-3`, `openshift-service-mesh-2`, `outside`,
    /// `before-istio-1.5`.
    pub control_plane_kinds: Vec<Text>,
    /// The meshes of the cluster, where it shows several; else empty.
    pub meshes: Vec<Mesh>,
    /// The marks of the ambient data plane that are seen together; empty where it is not seen.
    pub ambient: Vec<Text>,
    /// When the cluster was read, RFC 3339.
    pub recorded_at: Text,
    /// The file whose copy of the injector's ConfigMap stands in for the cluster's, which could not be read; else null.
    pub injector_config: Option<Text>,
}

/// One istiod.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlPlane {
    /// The namespace of its Deployment.
    pub namespace: Text,
    /// The name of its Deployment.
    pub name: Text,
    /// Its revision.
    pub revision: Text,
    /// Its version; null where nothing tells it, or where several answer in turn.
    pub version: Option<Text>,
    /// What tells the version, such as `image tag`; where it is null, why none is told.
    pub version_from: Text,
}

/// What will happen to the next pod.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Predicted {
    /// What will happen.
    pub outcome: PredictedOutcome,
    /// The revision that ends up in annotation `sidecar.istio.io/status`; null where none does.
    pub revision: Option<Text>,
    /// `configuration/entry` that decides; null where none does.
    pub webhook: Option<Text>,
    /// The stage of the pod's way at which it is decided.
    pub decided: Stage,
    /// Why, in words.
    pub because: Text,
    /// Every webhook entry, in the order in which the API server comes to it.
    pub calls: Vec<Call>,
}

/// What will happen to the next pod.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub enum PredictedOutcome {
    /// It is admitted with the sidecar.
    Injected,
    /// It is admitted without the sidecar.
    NotInjected,
    /// Its creation is refused.
    Rejected,
    /// The facts were too few to tell.
    Unknown,
}

/// One webhook entry on the pod's way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Name of the MutatingWebhookConfiguration.
    pub webhook_configuration: Text,
    /// Name of the entry in it.
    pub webhook: Text,
    /// Whether it is an injection webhook of Istio's.
    pub injector: bool,
    /// Whether the API server calls it for the pod.
    pub called: Step,
    /// Whether the call arrives; null where it is not called.
    pub reached: Option<Step>,
    /// Whether istiod wants to inject; null where it is not reached, and for other webhooks.
    pub wanted: Option<Step>,
    /// Whether istiod can render the sidecar; null where it is not wanted.
    pub rendered: Option<Step>,
}

/// The answer to one question about a call.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The answer.
    pub answer: YesNo,
    /// Why, in words.
    pub because: Text,
}

/// An answer that can be unknown.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum YesNo {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// A fact is missing.
    Unknown,
}

/// How the pods fare that exist.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// All of them together.
    pub outcome: ObservedOutcome,
    /// Each of them.
    pub pods: Vec<Pod>,
    /// The newest refusal of a pod that still stands; null where there is none.
    pub rejection: Option<Rejection>,
}

/// How the pods fare that exist.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub enum ObservedOutcome {
    /// All have the sidecar.
    Injected,
    /// None has it.
    NotInjected,
    /// Some have it, or they have it of several revisions.
    Mixed,
    /// There are no pods.
    NoPods,
    /// Pods are refused.
    Rejected,
    /// The pods could not be read.
    Unknown,
}

/// One existing pod.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pod {
    /// Its name.
    pub name: Text,
    /// Whether it has the sidecar.
    pub injected: bool,
    /// The revision that injected it; null without one.
    pub revision: Option<Text>,
    /// Whether its traffic goes to ztunnel.
    pub ambient: bool,
    /// When it was created, RFC 3339; null where that is not recorded.
    pub created_at: Option<Text>,
}

/// The API server's refusal of a pod.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// The API server's words.
    pub message: Text,
    /// Where they stand: an event or a condition.
    pub source: Text,
    /// When it happened first, RFC 3339; null where that is not recorded.
    pub since: Option<Text>,
    /// When it happened last, RFC 3339; null where that is not recorded.
    pub at: Option<Text>,
    /// How often it happened; null where that is not recorded.
    pub times: Option<i32>,
}

/// One injection entry of a webhook configuration.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Name of the MutatingWebhookConfiguration.
    pub webhook_configuration: Text,
    /// Name of the entry in it.
    pub webhook: Text,
    /// The revision it injects with; null where no label says.
    pub revision: Option<Text>,
    /// The revision tag it stands for; null where it stands for none.
    pub tag: Option<Text>,
    /// Whether its selectors are those of a deactivated webhook, which match nothing.
    pub deactivated: bool,
    /// Whom it calls.
    pub calls: Text,
    /// Ready endpoints behind the Service; null for a URL, and where they were not read.
    pub ready: Option<usize>,
    /// Why the ready endpoints are not known; null where they are.
    pub ready_unknown: Option<Text>,
    /// How caBundle compares to the root that istiod serves with, in words.
    pub ca_bundle: Text,
    /// When the first certificate of caBundle expires, RFC 3339; null without one.
    pub expires_at: Option<Text>,
    /// `Fail` or `Ignore`.
    pub failure_policy: Text,
    /// The seconds that a call may take.
    pub timeout_seconds: i32,
    /// Who set fields of the entry last, as far as managedFields tell.
    pub set_by: Vec<SetBy>,
    /// The namespaces that its namespaceSelector selects; null where they were not read.
    pub namespaces: Option<Vec<Text>>,
    /// Why the namespaces are not known; null where they are.
    pub namespaces_unknown: Option<Text>,
}

/// Who set a field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SetBy {
    /// The field: `caBundle`, `service`, `url`, `failurePolicy` or `namespaceSelector`.
    pub field: Text,
    /// The field manager.
    pub manager: Text,
}

/// One thing that is wrong with a workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Symptom {
    /// What kind of thing.
    pub kind: SymptomKind,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in words.
    pub message: Text,
    /// When it began; null where nobody can tell, and of what is only expected.
    pub began: Option<Began>,
    /// Its root cause; null where nobody can tell.
    pub root_cause: Option<RootCause>,
}

/// When a symptom began.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Began {
    /// Its first moment.
    pub at: Text,
    /// What was changed last before; null where nothing was within an hour.
    pub after: Option<Change>,
}

/// A change of an object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Change {
    /// The object in kubectl's words.
    pub object: Text,
    /// When it was changed.
    pub at: Text,
    /// The field manager that did it; null where managedFields do not tell.
    pub by: Option<Text>,
}

/// Something that happened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Moment {
    /// When.
    pub at: Text,
    /// What, in words.
    pub what: Text,
}

/// The kinds of symptom.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SymptomKind {
    /// The API server refuses pods.
    PodsRefused,
    /// The next pod will not be injected, or whether it will is unknown.
    NextPod,
    /// Pods have no sidecar, and the next one gets it.
    NoSidecar,
    /// Pods have a sidecar, and the next one will not.
    LosesSidecar,
    /// Pods have the sidecar of another revision than the next one.
    OtherRevision,
    /// Pods have a sidecar of another version than the next one.
    OtherVersion,
    /// Pods with a sidecar are not ready, though the newest is older than half a minute.
    PodsNotReady,
    /// A Job has failed, and none of its pods is left.
    JobFailed,
}

/// The root cause.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RootCause {
    /// The check's code.
    pub code: Text,
    /// The check's name.
    pub name: Text,
}

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The check's code.
    pub code: Text,
    /// The check's name.
    pub name: Text,
    /// The stage of the pod's way.
    pub stage: Stage,
    /// How much it contradicts what somebody wants.
    pub severity: Severity,
    /// What is wrong, and why that matters here.
    pub message: Text,
    /// The code of the root cause that this merely follows from; null where it stands for itself.
    pub follows: Option<Text>,
    /// The fields it rests on, the decisive one first.
    pub evidence: Vec<Evidence>,
    /// What fixes it, the best first.
    pub fixes: Vec<Fix>,
}

/// The stages of a pod's way, and the mesh that it goes through.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// What concerns the mesh as a whole.
    Mesh,
    /// The API server calls an injection webhook for the pod.
    Called,
    /// The call reaches istiod, and both trust each other.
    Reached,
    /// istiod wants to inject the pod.
    Wanted,
    /// istiod can render the sidecar for the pod.
    Rendered,
    /// The API server admits the pod as it is injected.
    Admitted,
    /// The pod starts, and its proxy works.
    Running,
}

/// How much a finding contradicts what somebody wants.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Pods are rejected, or others break.
    Error,
    /// Somebody asked for injection and does not get it, or the reverse.
    Warning,
    /// Nobody asked for anything else, or it is so by design.
    Info,
}

/// One field of one object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The object in kubectl's words.
    pub object: Text,
    /// The field, as a JSONPath without `$`.
    pub path: Text,
    /// Its value; null where the field is absent.
    pub actual: Option<Text>,
    /// What it would have to be; null where no single value would do.
    pub expected: Option<Text>,
    /// The field manager that set it; null where nothing tells.
    pub set_by: Option<Text>,
    /// When it was set, RFC 3339; null where nothing tells.
    pub set_at: Option<Text>,
}

/// A way to fix a finding.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What it does.
    pub title: Text,
    /// What running it can do beyond fixing.
    pub risk: Risk,
    /// The commands as argument vectors, in the order in which to run them; empty where only
    /// something outside of the cluster's API fixes.
    pub commands: Vec<Vec<Text>>,
    /// What those commands do about other obstacles, which stand behind the one of the finding.
    pub then: Vec<Next>,
    /// What is different afterwards.
    pub changes: Text,
    /// What becomes of the next pod afterwards; null where nothing changes for it, where only a person
    /// can do it, and where the same cause is told for another target of the same answer already.
    pub after: Option<After>,
    /// The commands that lead back; empty where nothing needs undoing.
    pub undo: Vec<Vec<Text>>,
}

/// What is done about another obstacle.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// What it does.
    pub title: Text,
    /// The obstacle.
    pub because: Text,
}

/// What becomes of the next pod after a fix.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct After {
    /// What will happen; `Unknown` where that cannot be foreseen.
    pub outcome: PredictedOutcome,
    /// The revision that ends up in annotation `sidecar.istio.io/status`; null where none does.
    pub revision: Option<Text>,
    /// Why, in words.
    pub because: Text,
}

/// What running a fix can do beyond fixing.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Changes nothing: it only shows more.
    ReadOnly,
    /// Changes objects, yet no running pod.
    Safe,
    /// Restarts pods of the workload.
    RestartsPods,
    /// Changes what other workloads of the mesh depend on.
    MeshWide,
}

/// A check and what came of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its code.
    pub code: Text,
    /// Its name.
    pub name: Text,
    /// What came of it.
    pub status: Status,
    /// Why it is unknown or not applicable; null otherwise.
    pub reason: Option<Text>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Everything it needs was read, and nothing is wrong.
    Passed,
    /// It found something.
    Failed,
    /// A fact it needs was not read.
    Unknown,
    /// It does not concern this target.
    NotApplicable,
}

/// A read of the cluster that was refused or failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// RBAC verb.
    pub verb: Text,
    /// RBAC resource, with its API group where it has one.
    pub resource: Text,
    /// Namespace of the read; null for cluster-scoped resources and all namespaces.
    pub namespace: Option<Text>,
    /// Name of the object; null for lists.
    pub name: Option<Text>,
    /// The API server's or the client's own words.
    pub reason: Text,
}

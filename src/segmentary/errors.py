"""Every error segmentary raises, as one tree.

The first level answers the only question of a caller: change the request, change the stored state, wait, or report?

    SegmentaryError
    ├── Refused                     repeating the request unchanged can never help
    │   ├── InvalidInput            MalformedBody, UnrecognizedAttribute, ReadOnlyAttribute, MissingAttribute,
    │   │                           InvalidValue, UnrecognizedFilter, RuleBroken, DestinationKindNotInstalled,
    │   │                           InvalidRequest (several at once),
    │   │                           SegmentsSetInConjunctionWithProviders, SegmentsContainDuplicateEntry
    │   ├── NotFound                NetworkNotFound, SegmentNotFound, PhysicalNetworkNotFound,
    │   │                           NetworkSegmentRangeNotFound, AgentNotFound, HostNotFound, HostMappingNotFound,
    │   │                           EventDestinationNotFound, RbacPolicyNotFound, DeadLetterNotFound, ExtensionNotFound,
    │   │                           TagNotFound, TagResourceNotFound, TenantQuotaNotFound
    │   ├── NotAuthenticated, PolicyNotAuthorized, OriginRefused, IdempotencyKeyReused, EventsDropped
    │   └── BodyTooLarge
    ├── Conflicting                 the stored state must change first
    │   ├── InUse                   NetworkInUse, PhysicalNetworkInUse, NetworkSegmentRangeReferencedByProject
    │   ├── NetworkSegmentRangeOverlaps
    │   ├── SegmentationIdReserved, PlanChanged, CannotUndo
    │   ├── Exhausted               NoNetworkAvailable
    │   ├── OverQuota               the project has as many as it may have
    │   ├── HookRefused             a plug-in said no
    │   ├── AlreadyClaimed          VlanIdInUse, TunnelIdInUse, FlatNetworkInUse, PhysicalNetworkExists,
    │   │                           DuplicateRbacPolicy
    │   └── StaleRevision           RevisionNumberConstraintFailed
    ├── TryAgain                    the same request may succeed later: retries used up, database away
    ├── Broken                      our fault, or the installation's: InconsistentData, DatabaseFailed,
    │                               SchemaNotCurrent; UnexpectedAnswer: a client met no server of this API
    └── InvalidSetting              the program was started with a setting it cannot use

The docstring of a leaf is the template of its message; its fields are data, never to be parsed out of the text.
An error that is about one item of a bulk request has its place as `item`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a bulk request: segments[3] is the fourth."""

    collection: str
    index: int

    def __str__(self) -> str:
        """Return it as it stands in messages."""
        return f"{self.collection}[{self.index}]"


class SegmentaryError(Exception):
    """Segmentary could not do what was asked."""

    item: Item | None = None

    def __init__(self, **data: object) -> None:
        """Keep the fields of the condition and make the message from the docstring."""
        self.data = data
        super().__init__(self.template().format(**data))

    @classmethod
    def template(cls) -> str:
        """Return the message with its fields still open."""
        return " ".join((cls.__doc__ or "").split())

    @property
    def message(self) -> str:
        """The text for a person."""
        return str(self)

    def blame(self, item: Item | None) -> None:
        """Tell which item of a bulk request this is about, unless that is told already, or None: it was no such one."""
        if item is not None and self.item is None:
            self.item = item
            self.args = (f"{item}: {self}",)


class blaming:  # noqa: N801, a context manager reads as a word of the sentence
    """Tell of the errors raised inside that they are about this item of a bulk request."""

    __slots__ = ("_item",)

    def __init__(self, item: Item | None) -> None:
        """Keep the item; None where one thing is asked for by itself."""
        self._item = item

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Blame the item."""
        if isinstance(error, SegmentaryError):
            error.blame(self._item)


class Refused(SegmentaryError):
    """The request is refused and would be refused again."""


class InvalidInput(Refused):
    """Invalid input for operation: {reason}."""


class MalformedBody(InvalidInput):
    """{reason}."""


class UnrecognizedAttribute(InvalidInput):
    """Unrecognized attribute(s) '{attribute}'. Known here: {known}."""


class UnrecognizedFilter(InvalidInput):
    """Invalid attribute for filtering: '{attribute}'. Valid are: {known}."""


class ReadOnlyAttribute(InvalidInput):
    """{reason}."""


class MissingAttribute(InvalidInput):
    """Failed to parse request. Required attribute '{attribute}' not specified."""


class InvalidValue(InvalidInput):
    """Invalid input for {attribute}. Reason: {reason}."""


class SegmentsSetInConjunctionWithProviders(InvalidInput):
    """Segments and provider values cannot both be set."""


class SegmentsContainDuplicateEntry(InvalidInput):
    """Duplicate segment entry in request: entries {first} and {second} of segments are the same."""


class IdempotencyKeyReused(Refused):
    """Idempotency-Key {key} was used for another request."""


class DestinationKindNotInstalled(InvalidInput):
    """Destinations of kind {kind} need a library that this service has not: install segmentary[{kind}]."""


class RuleBroken(InvalidInput):
    """Invalid input for operation: {reason}."""


class InvalidRequest(InvalidInput):
    """Several things are wrong with the request."""

    def __init__(self, problems: Sequence[InvalidInput]) -> None:
        """Join the messages of all problems found in one request, a line each."""
        self.problems = tuple(problems)
        super().__init__()
        self.args = ("\n".join(problem.message for problem in problems),)

    def blame(self, item: Item | None) -> None:
        """Tell which item of a bulk request all these problems are about."""
        for problem in self.problems:
            problem.blame(item)
        self.args = ("\n".join(problem.message for problem in self.problems),)


def problems_of(error: InvalidInput) -> Sequence[InvalidInput]:
    """Return all problems that were found in one request."""
    return error.problems if isinstance(error, InvalidRequest) else (error,)


class NotAuthenticated(Refused):
    """The request you have made requires authentication."""


class OriginRefused(Refused):
    """A page of {origin} had this sent; only pages of this service may ask a browser to, or clients with a token."""


class PolicyNotAuthorized(Refused):
    """{action} is disallowed by policy."""


class BodyTooLarge(Refused):
    """The request body has more than {limit} bytes, the most this server takes."""


class NotFound(Refused):
    """The resource could not be found."""


class NetworkNotFound(NotFound):
    """Network {id} could not be found."""


class SegmentNotFound(NotFound):
    """Segment {id} could not be found."""


class PhysicalNetworkNotFound(NotFound):
    """Physical network {id} could not be found."""


class NetworkSegmentRangeNotFound(NotFound):
    """Network segment range {id} could not be found."""


class AgentNotFound(NotFound):
    """Agent {id} could not be found."""


class HostNotFound(NotFound):
    """Host {id} could not be found."""


class HostMappingNotFound(NotFound):
    """Host mapping {id} could not be found."""


class TenantQuotaNotFound(NotFound):
    """Quota for tenant {project} could not be found."""


class TagNotFound(NotFound):
    """Tag {tag} could not be found."""


class TagResourceNotFound(NotFound):
    """Resource {resource} {id} could not be found."""


class EventDestinationNotFound(NotFound):
    """Event destination {id} could not be found."""


class RbacPolicyNotFound(NotFound):
    """RBAC policy {id} could not be found."""


class DeadLetterNotFound(NotFound):
    """Dead letter {id} could not be found."""


class ExtensionNotFound(NotFound):
    """Extension with alias {alias} does not exist."""


class EventsDropped(Refused):
    """The events after {after} are no longer all kept, {oldest} is the oldest: list the records anew."""


class Conflicting(SegmentaryError):
    """The stored state does not allow this now."""


class InUse(Conflicting):
    """The resource is in use."""


class NetworkInUse(InUse):
    """Unable to complete operation on network {id}. {reason}."""


class PhysicalNetworkInUse(InUse):
    """Physical network {name} cannot be {verb}, it is in use by {users}."""


class NetworkSegmentRangeReferencedByProject(InUse):
    """Network segment range {id} cannot be {verb}: {count} ID(s) in use would fall out, {first} the first."""


class NetworkSegmentRangeOverlaps(Conflicting):
    """Network segment range {minimum} to {maximum} overlaps with: {others}."""


class Exhausted(Conflicting):
    """Nothing is left to hand out."""


class NoNetworkAvailable(Exhausted):
    """Unable to create the network. No project network is available for allocation: {tried}."""


class SegmentationIdReserved(Conflicting):
    """Segmentation ID {segmentation_id} is reserved {holder}; use_reserved takes it all the same."""


class PlanChanged(Conflicting):
    """The plan is {found} by now, not {expected}: what is stored or what is wanted has changed. Look at it anew."""


class OverQuota(Conflicting):
    """Quota exceeded for resources: {resources}. Project {project} has {used} of at most {limits}."""


class CannotUndo(Conflicting):
    """The change {id} cannot be taken back: {reason}."""


class HookRefused(Conflicting):
    """{hook} refuses: {reason}."""


class AlreadyClaimed(Conflicting):
    """What was asked for belongs to another."""


class VlanIdInUse(AlreadyClaimed):
    """The VLAN {segmentation_id} on physical network {physical_network} is in use {holder}."""


class TunnelIdInUse(AlreadyClaimed):
    """The tunnel ID {segmentation_id} is in use {holder}."""


class FlatNetworkInUse(AlreadyClaimed):
    """Physical network {physical_network} is in use {holder}."""


class PhysicalNetworkExists(AlreadyClaimed):
    """A physical network named {name} exists already, with id {id}."""


class DuplicateRbacPolicy(AlreadyClaimed):
    """Network {object_id} has an RBAC policy {action} for {target_tenant} already: {policy}."""


class StaleRevision(Conflicting):
    """The stored record is not the one the caller knows."""


class RevisionNumberConstraintFailed(StaleRevision):
    """Constrained to {expected}, but current revision is {current}."""


class TryAgain(SegmentaryError):
    """Try again later: {reason}."""


class Broken(SegmentaryError):
    """This is a defect or a damaged installation."""


class InconsistentData(Broken):
    """The database refused a row that the request check let through: rule {rule}."""


class DatabaseFailed(Broken):
    """The database could not execute a statement."""


class SchemaNotCurrent(Broken):
    """The database {database} is at schema revision {found}, this version needs {needed}. {remedy}."""


class UnexpectedAnswer(Broken):
    """{url} answered with status {status} and what is no answer of this API: {text}."""


class InvalidSetting(SegmentaryError):
    """Setting {setting}: {reason}."""

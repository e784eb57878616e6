"""Content of changes that travels in the clear: signed by who gives it, and believed only when that signature holds."""

import logging
from collections.abc import Mapping

import msgspec

from crossroads.kernel.errors import CrossroadsError, InvalidValue, Tampered, Unavailable
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.sourcekeys import SourceKeys
from crossroads.participant.steps import Steps
from crossroads.wire.contents import claims_of, sign_content, signer_of, verify_content
from crossroads.wire.keys import SigningKey
from crossroads.wire.mutations import Change, Item, MailboxPage, Mutation

_log = logging.getLogger(__name__)


class Contents:
    """Signs what an institution gives, and looks at what it is given."""

    def __init__(self, hub: Correspondence, holders: Mapping[str, SigningKey] | None = None) -> None:
        """Sign with the key of the institution, or with those of others that it manages."""
        own = hub.sign.key_id.split("#")[0]
        self._own, self._keys = own, {own: hub.sign, **(holders or {})}
        self._hub, self._sources = hub, SourceKeys(hub)

    def signed(self, mutation: Mutation) -> Mutation:
        """Give a change with its content signed, where it has content and the key of its source is at hand."""
        source = mutation.on_behalf_of or self._own
        key = self._keys.get(source)
        if mutation.content is None or mutation.signature is not None or key is None:
            return mutation
        try:
            signature = sign_content(mutation.content, claims_of(mutation, mutation.ssin, source), key)
        except InvalidValue:
            return mutation  # the hub says what is wrong with it
        return msgspec.structs.replace(mutation, signature=signature)

    def checked(self, page: MailboxPage) -> Steps[MailboxPage]:
        """Give a page without the content that its source did not sign. Raises Unavailable where keys cannot be had."""
        items = list(page.items)
        for at, item in enumerate(items):
            items[at] = yield from self._item(item)
        return msgspec.structs.replace(page, items=tuple(items))

    def _item(self, item: Item) -> Steps[Item]:
        change = item.change
        if change is None or change.content is None:
            return item
        try:
            yield from self._check(change)
        except Unavailable:
            raise
        except CrossroadsError as error:
            _log.warning("The content of item %d, of %s, is left out: %s", item.number, change.source, error)
            return msgspec.structs.replace(item, change=msgspec.structs.replace(change, content=None, signature=None))
        return item

    def _check(self, change: Change) -> Steps[None]:
        if change.signature is None or change.content is None:
            raise Tampered("Its source did not sign it.")
        if change.source == self._hub.trust.hub:
            raise Tampered("The hub is no source of data.")
        key = yield from self._sources.find(change.source, signer_of(change.signature))
        if key.key is None or not self._hub.may_sign(key):
            raise Tampered("It is no signing key of the source, or not in force.")
        notified = change.ssin.replaces or change.ssin.value
        verify_content(change.signature, change.content, claims_of(change, notified, change.source), key.key)

"""From the source into the outbox, in a thread of its own."""

import logging
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from publisher.outbox import Outbox
from publisher.outbox_file import OutboxFullError
from publisher.sources.source import ReadFault, SampleBatch, Source
from service.backoff import BackOff

log = logging.getLogger("publisher")

_MAX_LOGGED_FAULTS = 5


class Feeder(Thread):
    """Reads batches from the source, appends each to the outbox, and puts what was appended into the queue."""

    def __init__(
        self, source: Source, name: str, cells: frozenset[str], outbox: Outbox, events: "SimpleQueue[Any]"
    ) -> None:
        super().__init__(name="feeding", daemon=True)
        self._source, self._name_of_source, self._cells = source, name, cells
        self._outbox, self._events = outbox, events
        self._stop_feeding = Event()

    def stop(self) -> None:
        """Ask the source to end; `join` waits for it."""
        self._stop_feeding.set()

    def run(self) -> None:
        """Append what the source yields until it ends or is stopped; an exception of the source becomes an event."""
        try:
            position = self._outbox.position(self._name_of_source)
            for batch in self._source.batches(position, self._stop_feeding):
                self._keep(self._only_ours(batch))
                if self._stop_feeding.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - the main thread raises it: the process ends with this as last line
            self._events.put(error)
            return
        if not self._stop_feeding.is_set():
            log.info("the %s source has nothing more to read", self._name_of_source)

    def _keep(self, batch: SampleBatch) -> None:
        """Append until it is kept: while the disk is full the source waits, and nothing is passed over."""
        back_off, tries = BackOff(), 0
        while True:
            try:
                appended = self._outbox.append(self._name_of_source, batch)
            except OutboxFullError as error:
                if tries == 0:
                    log.error(  # noqa: TRY400 - an operator needs the line, not our stack
                        "%s: %d readings cannot be kept; reading pauses and they are tried again until there is room",
                        error, len(batch.samples),
                    )  # fmt: skip
                tries += 1
                if self._stop_feeding.wait(back_off.next()):
                    log.error("stopped while the disk was full: %d readings were not kept", len(batch.samples))  # noqa: TRY400
                    return
                continue
            if tries:
                log.info("the outbox has room again: %d readings kept after %d tries", len(batch.samples), tries)
            self._log_faults([*batch.faults, *appended.refused])
            self._events.put(appended)
            return

    def _only_ours(self, batch: SampleBatch) -> SampleBatch:
        if self._cells.issuperset(sample.cell for sample in batch.samples):
            return batch
        strays = [
            ReadFault(f"cell {sample.cell} is not one of this unit's", repr(sample))
            for sample in batch.samples
            if sample.cell not in self._cells
        ]
        ours = [sample for sample in batch.samples if sample.cell in self._cells]
        return SampleBatch(ours, batch.position, batch.faults + strays)

    def _log_faults(self, faults: list[ReadFault]) -> None:
        for fault in faults[:_MAX_LOGGED_FAULTS]:
            log.warning("%s could not read: %s", self._name_of_source, fault.reason)
        if len(faults) > _MAX_LOGGED_FAULTS:
            log.warning(
                "%s could not read %d more; the outbox keeps them all",
                self._name_of_source,
                len(faults) - _MAX_LOGGED_FAULTS,
            )

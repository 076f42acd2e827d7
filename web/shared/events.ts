// The log as it grows: an event an entry, from an index on, without a gap and without a repeat.
import type { EventView } from "./types";

const AGAIN_AFTER_MS = 5_000;

export interface Listener {
  entry(event: EventView): void;
  connected(is: boolean): void;
}

/** Listens from `from` on until the returned function is called; the browser resumes by itself where it stopped. */
export function listen(from: number, listener: Listener): () => void {
  let next = from;
  let source = open();
  let retry: ReturnType<typeof setTimeout> | undefined;

  function open(): EventSource {
    const source = new EventSource(`/events?from=${next}`);
    source.onopen = () => listener.connected(true);
    source.onerror = () => failed();
    source.addEventListener("entry", (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as EventView;
      if (event.index < next) return;
      next = event.index + 1;
      listener.entry(event);
    });
    return source;
  }

  function failed(): void {
    listener.connected(false);
    // A refused stream does not come back by itself.
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(retry);
    retry = setTimeout(() => (source = open()), AGAIN_AFTER_MS);
  }

  return () => {
    clearTimeout(retry);
    source.close();
  };
}

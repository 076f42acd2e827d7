// What the board knows: campaign, session, one day's board, the newest entries, and what is selected.
import { api, OutOfReach, Refused } from "../shared/api";
import { Clock, dayOf, shiftDay } from "../shared/clock.svelte";
import { listen } from "../shared/events";
import type { BoardView, CampaignView, DiskView, EventView, PostView, SessionView } from "../shared/types";

const FEED_MAX = 80;
const FEED_AT_OPENING = 50;
const REFRESH_AFTER_MS = 250;
const CHANGED_FOR_MS = 2_500;
const DISK_EVERY_MS = 15_000;

/** Kinds of entries after which the day looks different. */
const CHANGES = new Set(["inspection", "orders", "release", "close", "plan", "absences"]);

export interface Place {
  post: string;
  hour: number;
}

/** A slot of a day. */
export interface Slot extends Place {
  day: string;
}

/** In the first hours of a day the last ones of the day before still concern. */
const LOOK_BACK_HOURS = 4;

export class Desk {
  readonly clock = new Clock();
  campaign = $state<CampaignView | null>(null);
  session = $state<SessionView | null>(null);
  /** Whether it is known by now if somebody is signed in. */
  asked = $state(false);
  board = $state.raw<BoardView | null>(null);
  /** The day that was chosen; `null` follows the clock. */
  day = $state<string | null>(null);
  connected = $state(false);
  problem = $state<Refused | OutOfReach | null>(null);
  feed = $state.raw<EventView[]>([]);
  /** Slots that a report just changed, as `POST HOUR`. */
  changed = $state.raw<ReadonlySet<string>>(new Set());
  /** The slot under the focus. */
  at = $state<Place | null>(null);
  /** The slot whose panel is open. */
  opened = $state<Slot | null>(null);
  /** Whether the estimates are shown in place of the board. */
  estimating = $state(false);
  /** How it stands with the centre's disk, for those who run the hour. */
  disk = $state.raw<DiskView | null>(null);
  /** The day before the one that the clock is in, while it still concerns. */
  yesterday = $state.raw<BoardView | null>(null);
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #hour = "";
  #asked = 0;
  /** Whether the clock's own day is shown again once the open slot is closed. */
  #comesBack = false;

  async start(): Promise<() => void> {
    const stopClock = this.clock.start();
    await this.#guarded(async () => {
      this.campaign = await api.campaign();
      this.session = (await api.session()) ?? null;
    });
    this.asked = true;
    const stopEvents = this.sees ? await this.#follow() : () => {};
    const stopDisk = this.runsTheHour ? this.#watchDisk() : () => {};
    return () => {
      stopClock();
      stopDisk();
      stopEvents();
    };
  }

  /** Whether whoever is signed in may look at the board. */
  get sees(): boolean {
    return this.session !== null && this.session.role !== "team";
  }

  /** Whether whoever is signed in has to see to what is wrong. */
  get runsTheHour(): boolean {
    return this.session?.role === "duty-officer" || this.session?.role === "commander";
  }

  #watchDisk(): () => void {
    const ask = async () => {
      try {
        this.disk = await api.disk();
      } catch {
        // What was told last stands; that nothing is heard shows as staleness.
      }
    };
    void ask();
    const asking = setInterval(() => void ask(), DISK_EVERY_MS);
    return () => clearInterval(asking);
  }

  async #follow(): Promise<() => void> {
    await this.refresh();
    const from = Math.max(0, (this.board?.log_size ?? 0) - FEED_AT_OPENING);
    return listen(from, {
      connected: (is) => {
        // What was missed while the connection was away is looked at anew.
        if (is && !this.connected && this.problem) this.refreshSoon();
        this.connected = is;
      },
      entry: (event) => this.#hear(event),
    });
  }

  #hear(event: EventView): void {
    this.clock.heard();
    this.feed = [event, ...this.feed].slice(0, FEED_MAX);
    if (event.index < (this.board?.log_size ?? 0)) return;
    if (event.kind === "inspection") this.#mark(event);
    if (CHANGES.has(event.kind)) this.refreshSoon();
  }

  #mark(event: EventView): void {
    const body = event.body as { post?: string; hour?: number; day?: string };
    if (body.day !== this.board?.day) return;
    const key = `${body.post} ${body.hour}`;
    this.changed = new Set([...this.changed, key]);
    setTimeout(() => (this.changed = new Set([...this.changed].filter((other) => other !== key))), CHANGED_FOR_MS);
  }

  /** Many entries come at once; one look is enough for them. */
  refreshSoon(): void {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => void this.refresh(), REFRESH_AFTER_MS);
  }

  async refresh(): Promise<void> {
    await this.#guarded(async () => {
      const asked = ++this.#asked;
      const [board, yesterday] = await Promise.all([api.board(this.day), this.day === null ? this.#dayBefore() : null]);
      // A slow answer must not stand in for a newer question.
      if (asked !== this.#asked) return;
      this.yesterday = yesterday;
      if (this.opened && this.opened.day !== board.day) this.opened = null;
      this.board = board;
      this.clock.heard();
    });
  }

  async #dayBefore(): Promise<BoardView | null> {
    const { campaign, clock } = this;
    if (!campaign || !clock.local || clock.local.getUTCHours() >= LOOK_BACK_HOURS) return null;
    const today = dayOf(clock.local);
    const before = shiftDay(today, -1, campaign.first_day, campaign.last_day);
    return before < today ? api.board(before) : null;
  }

  /** Opens a slot, of another day if need be. */
  async open(slot: Slot): Promise<void> {
    if (slot.day !== this.board?.day) {
      const followed = this.day === null;
      await this.show(slot.day);
      this.#comesBack = followed;
    }
    if (slot.day !== this.board?.day) return;
    this.at = { post: slot.post, hour: slot.hour };
    this.opened = slot;
  }

  /** Closes the open slot. */
  async close(): Promise<void> {
    this.opened = null;
    if (this.#comesBack) await this.show(null);
  }

  async show(day: string | null): Promise<void> {
    this.day = day;
    this.opened = null;
    this.#comesBack = false;
    await this.refresh();
  }

  /** With a new hour slots begin that nobody reported on yet. */
  hourMayHaveChanged(): void {
    const local = this.clock.local;
    const hour = local ? `${dayOf(local)} ${local.getUTCHours()}` : "";
    if (hour === this.#hour) return;
    const first = this.#hour === "";
    this.#hour = hour;
    if (!first && this.sees) this.refreshSoon();
  }

  post(id: string): PostView | undefined {
    return this.campaign?.posts.find((post) => post.id === id);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof OutOfReach)) throw error;
      this.problem = error;
      if (error instanceof Refused && error.problem.status === 401) this.session = null;
    }
  }
}

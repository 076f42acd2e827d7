// What the field page knows: campaign, session, orders, this device and its outbox.
import { api, OutOfReach, Refused } from "../shared/api";
import { Clock, dayOf, shiftDay } from "../shared/clock.svelte";
import { listen } from "../shared/events";
import { nameOf } from "../shared/i18n.svelte";
import type { BoxView, CampaignView, DutyView, EventView, OrdersView, SessionView } from "../shared/types";
import { faultsOf, type BoxFault } from "./box";
import { boxKey, correctionKey, Device, dutyKey, type OpenedBox } from "./device";
import { opens } from "./entry";
import { allDuties, clearOrder, newestOrder, slotKey, type Standing } from "./orders";
import type { Waiting } from "./outbox";
import type { Answer, Heard, Slot } from "./relay";
import { newestHead } from "./head";
import { body, type Correction, type Met } from "./report";

const ASK_EVERY_MS = 15_000;
const SEND_EVERY_MS = 5_000;
const KINDS = new Set(["orders", "inspection", "correction", "enrol", "table", "close"]);

/** Hours back for which boxes are asked for when the page opens, or has not asked for long. */
const BACK_HOURS_MAX = 24;

const HOUR_MS = 3_600_000;

/** How many days back what was opened is kept. */
const KEPT_DAYS = 2;

interface Begun {
  device: Device;
  startedMs: number;
}

/** What is wrong with the box of an hour: with what it holds, or that it does not open. */
export interface BoxTrouble extends Slot {
  fault: BoxFault | "closed";
}

function slotOf(local: Date): Slot {
  return { day: dayOf(local), hour: local.getUTCHours() };
}

/** A team's post in the browser. */
export class Post {
  readonly clock = new Clock();
  campaign = $state<CampaignView | null>(null);
  session = $state<SessionView | null>(null);
  asked = $state(false);
  orders = $state.raw<OrdersView | null>(null);
  /** Whether the standing order opens its commitment; `null` until checked. */
  sealHolds = $state<boolean | null>(null);
  /** What this browser was for the team, the newest first. */
  devices = $state.raw<Device[]>([]);
  possible = $state(true);
  /** What was begun, when, and by which device of this browser: that one reports it, whatever became of it since. */
  begun = $state.raw<Map<string, Begun>>(new Map());
  written = $state.raw<Waiting[]>([]);
  /** What this browser opened, whichever device of the team it was then. */
  opened = $state.raw<OpenedBox[]>([]);
  /** Boxes that are shown to this device and do not open. */
  closed = $state.raw<BoxView[]>([]);
  /** The hour at hand. */
  readonly slot = $derived<Slot | null>(this.clock.local && slotOf(this.clock.local));
  /** The hours that a relayed code may be for: this one, and the next. */
  readonly slots = $derived<Slot[]>(this.clock.local ? [slotOf(this.clock.local), slotOf(new Date(this.clock.local.getTime() + HOUR_MS))] : []);
  /** Whether the next hour's orders are drawn by now, unless a shift begins with it. */
  readonly nextIsDrawn = $derived((this.clock.local?.getUTCMinutes() ?? 0) >= 60 - (this.campaign?.rules.lead_minutes ?? 0));
  readonly standing = $derived<Standing | null>(
    this.orders && (clearOrder(this.orders, this.sealHolds) ?? (this.slot && newestOrder(this.opened, this.slot))),
  );
  readonly duties = $derived<DutyView[]>(
    this.campaign
      ? allDuties(this.orders?.duties ?? [], this.opened, {
          utcOffsetSeconds: this.campaign.utc_offset_seconds,
          missedMinutes: this.campaign.rules.missed_minutes,
        })
      : [],
  );
  readonly troubles = $derived<BoxTrouble[]>([
    ...this.opened.flatMap(({ day, hour, faults }) => (faults ?? []).map((fault) => ({ day, hour, fault }))),
    ...this.closed.map((box) => ({ day: box.day, hour: box.hour, fault: "closed" as const })),
  ]);
  reachable = $state(true);
  problem = $state<string>("");
  ordersAt = $state(0);
  #sending = false;
  #hour = "";
  /** Whose boxes were asked for last. */
  #askedAs: string | null = null;

  async open(): Promise<() => void> {
    const stops = [this.clock.start()];
    await this.#guarded(async () => {
      this.campaign = await api.campaign();
      this.session = (await api.session()) ?? null;
    });
    this.asked = true;
    if (this.team) stops.push(...(await this.#follow()));
    return () => stops.forEach((stop) => stop());
  }

  get team(): string | null {
    return this.session?.role === "team" ? (this.session.team ?? null) : null;
  }

  get province(): string | undefined {
    return this.campaign?.teams.find(({ id }) => id === this.team)?.province;
  }

  /** The device that signs. */
  get device(): Device | null {
    return this.devices[0] ?? null;
  }

  /** Whether another device speaks for the team. */
  get retired(): boolean {
    return this.device !== null && this.orders !== null && this.orders.device?.id !== this.device.id;
  }

  async #follow(): Promise<(() => void)[]> {
    this.possible = await Device.isPossible();
    await this.#look();
    await this.ask();
    const asking = setInterval(() => void this.ask(), ASK_EVERY_MS);
    const sending = setInterval(() => void this.deliver(), SEND_EVERY_MS);
    const seen = [this.orders?.standing?.index ?? 0, ...(this.orders?.boxes ?? []).map((box) => box.index)];
    const stop = listen(Math.max(...seen) + 1, { connected: () => {}, entry: (event) => this.#hear(event) });
    return [() => clearInterval(asking), () => clearInterval(sending), stop];
  }

  #hear(event: EventView): void {
    this.clock.heard();
    if (KINDS.has(event.kind)) void this.ask();
  }

  /** Asks for the orders. */
  async ask(): Promise<void> {
    await this.#guarded(async () => {
      // A new device, and one that was away, is told what it missed.
      const asked = this.device?.id ?? "";
      const orders = await api.orders(this.#askedAs === asked && this.reachable ? undefined : BACK_HOURS_MAX);
      this.#askedAs = asked;
      // Another tab may have made a new device.
      if (orders.device?.id !== this.device?.id) await this.#look();
      this.orders = orders;
      this.ordersAt = performance.now();
      this.sealHolds = orders.standing ? await opens(orders.standing.commitment, orders.standing.opening) : null;
      await this.#renewTable(orders);
      await this.#openBoxes(orders);
    });
  }

  /** Whether the team's orders come sealed to a device that this browser is not. */
  get sealedToOther(): boolean {
    return (this.orders?.boxes.length ?? 0) > 0 && this.orders?.device?.id !== this.device?.id;
  }

  /** Whether a box of this hour or a later one does not open here, so that nothing tells whether there is an order. */
  get unread(): boolean {
    return this.standing === null && (this.sealedToOther || this.closed.length > 0);
  }

  /** The entry which says that the box of an hour was opened. */
  checkedIn(slot: Slot): Waiting | undefined {
    const { team } = this;
    return team === null ? undefined : this.written.find((entry) => entry.kind === "opened" && entry.duty === boxKey(team, slot));
  }

  /** This browser's device, if it has the team's table: with another device comes another table. */
  get listener(): Device | null {
    return this.device?.hasTable && !this.retired ? this.device : null;
  }

  /** Hears a relayed code for an hour; for a listener. */
  async hear(slot: Slot, code: number): Promise<Answer> {
    return (await this.listener?.hear(slot, code, this.clock.nowMs ?? Date.now())) ?? "wrong";
  }

  /** When the latest wrong codes were heard. */
  async wrong(): Promise<number[]> {
    return (await this.listener?.wrong()) ?? [];
  }

  /** What was heard for an hour. */
  async heard(slot: Slot): Promise<Heard | null> {
    return (await this.listener?.heard(slot)) ?? null;
  }

  /** Fetches the team's table if this device has none, or one that was replaced. */
  async #renewTable(orders: OrdersView): Promise<void> {
    const { device, province } = this;
    const isCurrent = device?.hasBoxKey && orders.device?.id === device.id;
    if (!isCurrent || province === undefined || device.tableSerial === orders.table) return;
    await device.takeTable(province, await api.table());
    await this.#look();
  }

  /** Opens what this device was sent, says so in the log, and checks it against the log. */
  async #openBoxes(orders: OrdersView): Promise<void> {
    const { device } = this;
    const closed: BoxView[] = [];
    if (!device?.hasBoxKey || orders.device?.id !== device.id) {
      this.closed = closed;
      return;
    }
    const opened: [BoxView, OpenedBox][] = [];
    for (const box of orders.boxes) {
      const found = await device.open(box);
      if (found) opened.push([box, found]);
      else closed.push(box);
    }
    for (const [box, found] of opened) {
      // Of what another device was sent, only what is at hand is worth a word.
      const isLate = box.renewed && this.slot !== null && slotKey(box) < slotKey(this.slot);
      if (found.message.opening && !box.opened && !isLate) {
        await device.sayOpened(found, this.clock.nowMs ?? Date.parse(orders.now));
      }
    }
    this.closed = closed;
    await this.#look();
    const unchecked = opened.filter(([, found]) => found.faults === undefined);
    for (const [box, found] of unchecked) await device.judge(found, await this.#faultsOf(box, found, { team: orders.team, isOlder: device.isOlder(box) }));
    if (unchecked.length > 0) await this.#look();
  }

  async #faultsOf(box: BoxView, { message }: OpenedBox, own: { team: string; isOlder: boolean }): Promise<BoxFault[]> {
    const receipt = await api.receipt(box.index);
    const teams = (this.campaign?.teams ?? []).filter(({ province }) => province === box.province).map(({ id }) => id);
    return faultsOf(box, message, receipt, { ...own, teams });
  }

  /** With a new hour a duty begins or ends. */
  hourMayHaveChanged(): void {
    const local = this.clock.local;
    const hour = local ? `${dayOf(local)} ${local.getUTCHours()}` : "";
    const changed = this.#hour !== "" && hour !== this.#hour;
    this.#hour = hour;
    if (changed && this.team) void this.ask();
  }

  async enrol(): Promise<void> {
    const { team, campaign, province } = this;
    if (!team || !campaign || province === undefined) return;
    await this.#guarded(() => Device.enrol(campaign.id, team, province));
    await this.#look();
    await this.ask();
  }

  startedOf(duty: DutyView): number | undefined {
    return this.#begun(duty)?.startedMs;
  }

  /** The newest entry on a duty, whatever became of it. */
  writtenOn(duty: DutyView): Waiting | undefined {
    const key = this.team ? dutyKey(this.team, duty) : "";
    return this.written.find((entry) => (entry.kind ?? "inspection") === "inspection" && entry.duty === key);
  }

  /** The correction of an entry on a duty that is on its way, or was taken. */
  correctionOf(duty: DutyView, of: number): Waiting | undefined {
    const key = this.team ? correctionKey(this.team, duty, of) : "";
    return this.written.find((entry) => entry.kind === "correction" && entry.duty === key && entry.state !== "refused");
  }

  /** Corrects a report; whichever device of the team made it, the present one corrects it. */
  async correct(duty: DutyView, correction: Correction): Promise<void> {
    if (!this.device || this.clock.nowMs === null) return;
    await this.device.correct(duty, correction, this.clock.nowMs);
    await this.#look();
    await this.deliver();
  }

  async begin(duty: DutyView, anew = false): Promise<void> {
    if (!this.device || this.clock.nowMs === null) return;
    await this.device.begin(duty, this.clock.nowMs, anew);
    await this.#look();
  }

  async report(duty: DutyView, met: Met): Promise<void> {
    const begun = this.#begun(duty);
    if (!begun || this.clock.nowMs === null) return;
    const seen = await newestHead();
    await begun.device.report(duty, body(duty, begun.startedMs, met, seen), this.clock.nowMs);
    await this.#look();
    await this.deliver();
  }

  /** Sends what waits; one delivery at a time keeps the order. */
  async deliver(): Promise<void> {
    if (this.#sending || !this.written.some((entry) => entry.state === "waiting")) return;
    this.#sending = true;
    try {
      for (const device of this.devices.toReversed()) this.reachable = (await device.deliver()) === "empty";
    } finally {
      this.#sending = false;
      await this.#look();
    }
    await this.ask();
  }

  nameOfPost(id: string): string {
    const post = this.campaign?.posts.find((post) => post.id === id);
    return post ? nameOf(post) : id;
  }

  #begun(duty: DutyView): Begun | undefined {
    return this.team ? this.begun.get(dutyKey(this.team, duty)) : undefined;
  }

  async #look(): Promise<void> {
    if (this.campaign && this.team) this.devices = await Device.all(this.campaign.id, this.team);
    const begun = new Map<string, Begun>();
    // The newest device's word goes last, and so before the others'.
    for (const device of this.devices.toReversed()) {
      for (const [duty, startedMs] of await device.begun()) begun.set(duty, { device, startedMs });
    }
    this.begun = begun;
    const first = this.slot && this.campaign ? shiftDay(this.slot.day, -KEPT_DAYS, "", this.slot.day) : "";
    this.opened = (await Promise.all(this.devices.map((device) => device.opened(first)))).flat();
    const written = await Promise.all(this.devices.map((device) => device.written()));
    this.written = written.flat().sort((a, b) => (b.id ?? 0) - (a.id ?? 0));
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      [this.reachable, this.problem] = [true, ""];
      this.clock.heard();
    } catch (error) {
      if (error instanceof OutOfReach) this.reachable = false;
      else if (error instanceof Refused && error.problem.status === 401) this.session = null;
      else if (error instanceof Refused) this.problem = [error.problem.detail, error.problem.hint].filter(Boolean).join(". ");
      else throw error;
    }
  }
}

/* What the server hands to the scripts: in the page as JSON, by the live stream, by the history's API. */

export type Language = "fr" | "en";
export type Label = Record<Language, string>;

/** `describe_site` in web/rendering/pages.py. */
export interface Parameter extends Label {
  unit: string;
  kind: string;
  decimals: number;
  setpoint_of: string | null;
  command_of: string | null;
  minimum: number | null;
  maximum: number | null;
  /** The station's: how far off the setpoint is how bad, the narrowest first. */
  tolerances: Tolerance[];
  main: boolean;
  /** Words for the values of a parameter that has no numbers, by the value. */
  states: Record<string, Label>;
}

export type Severity = "warning" | "major" | "critical";
export type Tolerance = [deviation: number, severity: Severity];

export interface CellDescription {
  unit: string;
  /** Seconds between two readings. */
  period: number;
  parameters: string[];
}

export interface Site {
  /** The station's time zone, such as Europe/Paris. */
  zone: string;
  /** After so many periods without a reading a value is old; after so many without a sign of life a sender is silent. */
  stale_periods: number;
  /** Seconds between two signs of life of a unit. */
  presence_seconds: number;
  /** Seconds by which a time may lie ahead of the server's clock. */
  clock_skew: number;
  silent_states: string[];
  missing_states: string[];
  abnormal_states: string[];
  cells: Record<string, CellDescription>;
  units: Record<string, Label>;
  parameters: Record<string, Parameter>;
}

/** What an experiment asks of a parameter. */
export interface OwnLimits {
  deviation?: number | null;
  low?: number | null;
  high?: number | null;
  severity: Severity;
}

/** By what a value is judged: the experiment's limits, or the station's. */
export interface Limits {
  tolerances: Tolerance[];
  low: number | null;
  high: number | null;
  severity: Severity;
  own: boolean;
}

export type CellState = "alarm" | "offline" | "no_data" | "stale" | "warning" | "deviation" | "incomplete" | "ok";
export type ValueState = "ok" | "high" | "low" | "suspect" | "no_value" | "no_data" | "stale" | "offline";
export type Presence = "online" | "offline" | "silent" | "unknown";

/** How a value stands; times in milliseconds since 1970, ages in seconds. */
export interface ValueVerdict {
  state: ValueState;
  value: number | null;
  at: number | null;
  age: number | null;
  target: number | null;
  targetAt: number | null;
  deviation: number | null;
  limits: Limits;
  /** The narrowest one. */
  tolerance: number | null;
  exceeded: "deviation" | "low" | "high" | null;
  limit: number | null;
  severity: Severity | null;
}

export interface CellVerdict {
  state: CellState;
  /** When its newest value was measured. */
  observed: number | null;
  age: number | null;
  values: Record<string, ValueVerdict>;
}

/** The texts of web/rendering/client_texts.py in the page's language; a test compares the names. */
export type TextKey =
  | "ago" | "ahead" | "broker_lost" | "missing_one" | "missing_several" | "never" | "others_within" | "unit_silent" | "all_normal" | "all_within" | "back" | "cell_summary" | "chart_empty" | "chart_failed" | "chart_gap"
  | "chart_gaps" | "chart_label" | "chart_login" | "chart_summary" | "choose_cells" | "dates_wrong" | "day_axis"
  | "day_in_cell" | "day_number" | "days_shown" | "free" | "log_in" | "lost" | "maximum" | "mean" | "minimum"
  | "no_verdict" | "out_one" | "out_several" | "pause" | "paused" | "resume" | "setpoint" | "silent_one"
  | "silent_several" | "source_bucket" | "source_raw" | "time" | "unit_offline" | "unit_online" | "unit_unknown"
  | "unit_waiting" | "severity_warning" | "severity_major" | "severity_critical" | "alarm_returned"
  | "alarm_acknowledged" | "alarm_shelved" | "alarm_suppressed" | "alarm_out_of_service" | "alarm_count" | "alarm_count_one"
  | "layer_night" | "layer_door" | "layer_alarm" | "layer_intervention" | "layer_annotation" | "layer_rejection"
  | "goes_on" | "happenings" | "alarms_more" | "call_refused" | "call_on";
export interface Texts extends Record<TextKey, string> {
  states: Record<CellState, string>;
  values: Record<ValueState, string>;
  /** By kind of an intervention. */
  works: Record<string, string>;
}

/** Times in everything that follows are RFC 3339 in UTC. */
export interface LatestValues {
  /** When the newest of the values was measured. */
  observed_at: string;
  values: Record<string, number | null>;
  /** By parameter, where it is not 0. */
  quality?: Record<string, number>;
  /** By parameter, where it is not `observed_at`. */
  times?: Record<string, string>;
}

export interface Status {
  state: "online" | "offline";
  since: string;
  waiting?: number;
  /** When the sender last said so, and when it was last certainly there. */
  at?: string;
  heard_at?: string;
}

export interface Alarm {
  id: number | string;
  place: string;
  cell?: string;
  code: string;
  severity: Severity;
  state: "active" | "acknowledged" | "returned" | "shelved" | "suppressed" | "out_of_service";
  since: string;
  text: Partial<Label>;
}

export interface CellExperiment {
  id: number;
  code: string;
  title: string;
  started_at: string;
  /** By parameter. */
  limits?: Record<string, OwnLimits>;
}

/** `event: snapshot` of /live (web/live/hub.py). */
export interface Snapshot {
  now: string;
  broker_connected: boolean;
  cells: Record<string, LatestValues>;
  units: Record<string, Status>;
  services: Record<string, Status>;
  alarms: Alarm[];
  experiments: Record<string, CellExperiment>;
}

/** `event: delta` of /live: what changed; null removes. */
export interface Delta {
  now: string;
  broker_connected?: boolean;
  cells?: Record<string, LatestValues | null>;
  units?: Record<string, Status | null>;
  services?: Record<string, Status | null>;
  alarms?: Alarm[];
  experiments?: Record<string, CellExperiment | null>;
}

/** What a delta changed. */
export interface Changes {
  cells: string[];
  units: boolean;
  alarms: boolean;
  experiments: Record<string, CellExperiment | null> | null;
}

/** Columns of equal length; `t` in milliseconds since 1970. */
export interface SeriesHistory {
  t: number[];
  min: (number | null)[];
  mean: (number | null)[];
  max: (number | null)[];
}

/** /api/cells/{cell}/history. */
export interface History {
  cell: string;
  from: string;
  to: string;
  source: "raw" | "5min" | "1h";
  /** Seconds of a bucket; 0: every reading. */
  width: number;
  series: Record<string, SeriesHistory>;
}

/** What an experiment asked of a parameter while it held the cell. */
export interface LimitsInForce {
  parameter: string;
  experiment: string;
  started_at: string;
  ended_at: string | null;
  deviation: number | null;
  low: number | null;
  high: number | null;
}

/** /api/cells/{cell}/events (facility/notes/events.py). */
export interface CellEvents {
  alarms: { parameter: string | null; since: string; returned_at: string | null; ended_at: string | null; text: Partial<Label> }[];
  interventions: { work: string; text: string; person: string | null; started_at: string; ended_at: string | null }[];
  annotations: { parameter: string | null; text: string; person: string | null; started_at: string; ended_at: string | null }[];
  rejections: { parameter: string | null; reason: string; started_at: string; ended_at: string }[];
  limits: LimitsInForce[];
}

/** `chart` in web/experiments/days.py. */
export interface ExperimentDays {
  start: string;
  /** By cell, when it held the experiment: pairs of start and end, which is null while it still does. */
  cells: Record<string, [string, string | null][]>;
  parameters: string[];
  limits: Record<string, { deviation: number | null; low: number | null; high: number | null }>;
}

/** A point of a line: null is a gap, undefined "this line has no point here". */
export type Point = number | null | undefined;

/** Lines on one axis `x`, which counts seconds since 1970 (a cell's chart) or days (an experiment's). */
export interface Columns {
  x: number[];
  min: Point[];
  mean: Point[];
  max: Point[];
  setpoint: Point[];
  low: Point[];
  high: Point[];
}

export interface Range {
  from: number;
  to: number;
}

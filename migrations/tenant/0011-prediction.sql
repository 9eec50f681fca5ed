-- The predictions of one tenant. Owner: predict.
create schema prediction;

create table prediction.prediction (
  -- A UUID of version 7 made where the prediction was: its order is the order of time, so that the primary key serves
  -- "newest first" and there is no second index to write.
  id uuid primary key,
  model text not null,
  version text not null,
  request_id text,
  -- json, not jsonb: kept as it was written, 64-bit integers to the last digit, and cheaper to write.
  inputs json,
  inputs_sha256 text,
  outputs json not null,
  rows int not null,
  latency_ms double precision not null,
  at timestamptz not null
);
create index on prediction.prediction (model, id);

-- The next offset to take, per consumer group and partition, moved in the transaction of the effect.
create table prediction.consumer_offset (
  consumer text not null,
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  primary key (consumer, topic, partition)
);

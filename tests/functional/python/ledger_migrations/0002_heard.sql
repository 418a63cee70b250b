create table heard (event_id bigint primary key, deliveries int not null);

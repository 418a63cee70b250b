\set customer random(1, 8)
begin;
insert into bench_order (customer, total, note) values (:customer, 1, 'a note of some length');
insert into bascule_outbox (event_id, topic, type, key, body, headers) values (gen_random_uuid(), 'events.shop.OrderPlaced', 'shop.OrderPlaced', :customer::text, convert_to(repeat('x', 300), 'UTF8'), '{}');
commit;

package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/Azure/go-amqp"
)

type spec struct {
	Header *struct {
		Durable  bool   `json:"durable"`
		Priority *uint8 `json:"priority"`
		TTL      int64  `json:"ttl"`
	} `json:"header"`
	DeliveryAnnotations   []pair                     `json:"delivery_annotations"`
	Annotations           []pair                     `json:"annotations"`
	Properties            map[string]json.RawMessage `json:"properties"`
	ApplicationProperties []pair                     `json:"application_properties"`
	Footer                []pair                     `json:"footer"`
	Data                  []json.RawMessage          `json:"data"`
	Sequence              [][]value                  `json:"sequence"`
	Value                 value                      `json:"value"`
}

func annotationsOf(items []pair) (out amqp.Annotations, err error) {
	defer caught(&err)
	for _, item := range items {
		if out == nil {
			out = amqp.Annotations{}
		}
		key := decode(item[0])
		if name, ok := key.(amqp.Symbol); ok {
			key = string(name) // a string key is written as a symbol
		}
		out[key] = decode(item[1])
	}
	return out, nil
}

// caught turns a panic of the conversions into an error.
func caught(err *error) {
	if found := recover(); found != nil {
		*err = fmt.Errorf("%v", found)
	}
}

func toMessage(raw json.RawMessage) (m *amqp.Message, err error) {
	defer caught(&err)
	var s spec
	must(json.Unmarshal(raw, &s))
	m = &amqp.Message{}
	if s.Header != nil {
		m.Header = &amqp.MessageHeader{Durable: s.Header.Durable, Priority: 4, TTL: time.Duration(s.Header.TTL) * time.Millisecond}
		if s.Header.Priority != nil {
			m.Header.Priority = *s.Header.Priority
		}
	}
	m.DeliveryAnnotations, err = annotationsOf(s.DeliveryAnnotations)
	must(err)
	m.Annotations, err = annotationsOf(s.Annotations)
	must(err)
	m.Footer, err = annotationsOf(s.Footer)
	must(err)
	for _, item := range s.ApplicationProperties {
		if m.ApplicationProperties == nil {
			m.ApplicationProperties = map[string]any{}
		}
		m.ApplicationProperties[decode(item[0]).(string)] = decode(item[1])
	}
	if len(s.Properties) > 0 {
		m.Properties = properties(s.Properties)
	}
	switch {
	case s.Data != nil:
		for _, part := range s.Data {
			m.Data = append(m.Data, binaryOf(part))
		}
	case s.Sequence != nil:
		for _, list := range s.Sequence {
			items := []any{}
			for _, item := range list {
				items = append(items, decode(item))
			}
			m.Sequence = append(m.Sequence, items)
		}
	default:
		m.Value = decode(s.Value)
		if m.Value == nil {
			m.Value = amqp.Null{}
		}
	}
	return m, nil
}

func properties(fields map[string]json.RawMessage) *amqp.MessageProperties {
	out := &amqp.MessageProperties{}
	texts := map[string]**string{
		"to": &out.To, "subject": &out.Subject, "reply_to": &out.ReplyTo, "content_type": &out.ContentType,
		"content_encoding": &out.ContentEncoding, "group_id": &out.GroupID, "reply_to_group_id": &out.ReplyToGroupID,
	}
	times := map[string]**time.Time{"absolute_expiry_time": &out.AbsoluteExpiryTime, "creation_time": &out.CreationTime}
	for field, raw := range fields {
		switch field {
		case "message_id":
			out.MessageID = decode(as[value](raw))
		case "correlation_id":
			out.CorrelationID = decode(as[value](raw))
		case "user_id":
			out.UserID = unhex(as[string](raw))
		case "group_sequence":
			n := as[uint32](raw)
			out.GroupSequence = &n
		default:
			if at, ok := times[field]; ok {
				n, err := strconv.ParseInt(as[string](raw), 10, 64)
				must(err)
				t := time.UnixMilli(n).UTC()
				*at = &t
				continue
			}
			text := as[string](raw)
			*texts[field] = &text
		}
	}
	return out
}

func fromMessage(m *amqp.Message) (out answer, err error) {
	defer caught(&err)
	header := answer{"durable": false, "priority": 4, "ttl": 0, "first_acquirer": false, "delivery_count": 0}
	if h := m.Header; h != nil {
		header = answer{
			"durable": h.Durable, "priority": h.Priority, "ttl": h.TTL.Milliseconds(), "first_acquirer": h.FirstAcquirer,
			"delivery_count": h.DeliveryCount,
		}
	}
	out = answer{"header": header, "properties": toldProperties(m.Properties)}
	sections := map[string]map[any]any{
		"delivery_annotations": m.DeliveryAnnotations, "annotations": m.Annotations, "footer": m.Footer,
	}
	for name, found := range sections {
		if len(found) > 0 {
			out[name] = toldAnnotations(found)
		}
	}
	if len(m.ApplicationProperties) > 0 {
		out["application_properties"] = encode(m.ApplicationProperties)[1]
	}
	switch {
	case m.Data != nil:
		parts := []any{}
		for _, part := range m.Data {
			parts = append(parts, told(part))
		}
		out["data"] = parts
	case m.Sequence != nil:
		lists := []any{}
		for _, list := range m.Sequence {
			lists = append(lists, encode(list)[1])
		}
		out["sequence"] = lists
	default:
		out["value"] = encode(m.Value)
	}
	return out, nil
}

// Keys of annotations are symbols, which the library gives as strings.
func toldAnnotations(found map[any]any) []any {
	out := []any{}
	for key, item := range found {
		name := encode(key)
		if text, ok := key.(string); ok {
			name = []any{"symbol", text}
		}
		out = append(out, []any{name, encode(item)})
	}
	return out
}

func toldProperties(p *amqp.MessageProperties) answer {
	out := answer{}
	if p == nil {
		return out
	}
	texts := map[string]*string{
		"to": p.To, "subject": p.Subject, "reply_to": p.ReplyTo, "content_type": p.ContentType,
		"content_encoding": p.ContentEncoding, "group_id": p.GroupID, "reply_to_group_id": p.ReplyToGroupID,
	}
	for field, text := range texts {
		if text != nil {
			out[field] = *text
		}
	}
	for field, at := range map[string]*time.Time{"absolute_expiry_time": p.AbsoluteExpiryTime, "creation_time": p.CreationTime} {
		if at != nil {
			out[field] = strconv.FormatInt(at.UnixMilli(), 10)
		}
	}
	if p.MessageID != nil {
		out["message_id"] = encode(p.MessageID)
	}
	if p.CorrelationID != nil {
		out["correlation_id"] = encode(p.CorrelationID)
	}
	if p.UserID != nil {
		out["user_id"] = hex.EncodeToString(p.UserID)
	}
	if p.GroupSequence != nil {
		out["group_sequence"] = *p.GroupSequence
	}
	return out
}

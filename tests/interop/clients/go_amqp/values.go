package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/Azure/go-amqp"
)

// pair is a key and a value of a map.
type pair [2]value

// value is [type, value] or [type, value, value].
type value []json.RawMessage

func as[T any](raw json.RawMessage) T {
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

func unhex(text string) []byte {
	out, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return out
}

func binaryOf(raw json.RawMessage) []byte {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return unhex(text)
	}
	out := make([]byte, as[struct{ Size int }](raw).Size)
	for i := range out {
		out[i] = byte(i*31 + i/251)
	}
	return out
}

func told(data []byte) any {
	if len(data) <= 4096 {
		return hex.EncodeToString(data)
	}
	sum := sha256.Sum256(data)
	return answer{"size": len(data), "sha256": hex.EncodeToString(sum[:])}
}

func decode(v value) any {
	kind := as[string](v[0])
	switch kind {
	case "list":
		out := []any{}
		for _, item := range as[[]value](v[1]) {
			out = append(out, decode(item))
		}
		return out
	case "map":
		out := map[any]any{}
		for _, item := range as[[]pair](v[1]) {
			out[decode(item[0])] = decode(item[1])
		}
		return out
	case "array":
		return array(as[string](v[1]), as[[]json.RawMessage](v[2]))
	case "null":
		return nil
	}
	return scalar(kind, v[1])
}

func scalar(kind string, raw json.RawMessage) any {
	switch kind {
	case "boolean":
		return as[bool](raw)
	case "ubyte":
		return as[uint8](raw)
	case "ushort":
		return as[uint16](raw)
	case "uint":
		return as[uint32](raw)
	case "ulong":
		n, err := strconv.ParseUint(as[string](raw), 10, 64)
		must(err)
		return n
	case "byte":
		return as[int8](raw)
	case "short":
		return as[int16](raw)
	case "int":
		return as[int32](raw)
	case "long":
		n, err := strconv.ParseInt(as[string](raw), 10, 64)
		must(err)
		return n
	case "float":
		return math.Float32frombits(binary.BigEndian.Uint32(unhex(as[string](raw))))
	case "double":
		return math.Float64frombits(binary.BigEndian.Uint64(unhex(as[string](raw))))
	case "timestamp":
		n, err := strconv.ParseInt(as[string](raw), 10, 64)
		must(err)
		return time.UnixMilli(n).UTC()
	case "uuid":
		var out amqp.UUID
		copy(out[:], unhex(as[string](raw)))
		return out
	case "binary":
		return binaryOf(raw)
	case "string":
		return as[string](raw)
	case "symbol":
		return amqp.Symbol(as[string](raw))
	}
	panic("go-amqp has no type " + kind)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func array(kind string, items []json.RawMessage) any {
	switch kind {
	case "int":
		return each[int32](kind, items)
	case "long":
		return each[int64](kind, items)
	case "string":
		return each[string](kind, items)
	case "symbol":
		return each[amqp.Symbol](kind, items)
	case "boolean":
		return each[bool](kind, items)
	case "uuid":
		return each[amqp.UUID](kind, items)
	case "double":
		return each[float64](kind, items)
	}
	panic("not written here: array of " + kind)
}

func each[T any](kind string, items []json.RawMessage) []T {
	out := []T{}
	for _, item := range items {
		out = append(out, scalar(kind, item).(T))
	}
	return out
}

func encode(v any) []any {
	switch found := v.(type) {
	case nil:
		return []any{"null"}
	case bool:
		return []any{"boolean", found}
	case uint8:
		return []any{"ubyte", found}
	case uint16:
		return []any{"ushort", found}
	case uint32:
		return []any{"uint", found}
	case uint64:
		return []any{"ulong", strconv.FormatUint(found, 10)}
	case int8:
		return []any{"byte", found}
	case int16:
		return []any{"short", found}
	case int32:
		return []any{"int", found}
	case int64:
		return []any{"long", strconv.FormatInt(found, 10)}
	case float32:
		return []any{"float", fmt.Sprintf("%08x", math.Float32bits(found))}
	case float64:
		return []any{"double", fmt.Sprintf("%016x", math.Float64bits(found))}
	case time.Time:
		return []any{"timestamp", strconv.FormatInt(found.UnixMilli(), 10)}
	case amqp.UUID:
		return []any{"uuid", hex.EncodeToString(found[:])}
	case []byte:
		return []any{"binary", told(found)}
	case string:
		return []any{"string", found}
	case amqp.Symbol:
		return []any{"symbol", string(found)}
	case []any:
		out := []any{}
		for _, item := range found {
			out = append(out, encode(item))
		}
		return []any{"list", out}
	case map[any]any:
		return []any{"map", pairs(found)}
	case map[string]any:
		out := []any{}
		for key, item := range found {
			out = append(out, []any{encode(key), encode(item)})
		}
		return []any{"map", out}
	case []int32:
		return told_array("int", found)
	case []int64:
		return told_array("long", found)
	case []string:
		return told_array("string", found)
	case []amqp.Symbol:
		return told_array("symbol", found)
	case []bool:
		return told_array("boolean", found)
	case []float64:
		return told_array("double", found)
	case []amqp.UUID:
		return told_array("uuid", found)
	}
	panic(fmt.Sprintf("%T is not expected here", v))
}

func told_array[T any](kind string, items []T) []any {
	out := []any{}
	for _, item := range items {
		out = append(out, encode(item)[1])
	}
	return []any{"array", kind, out}
}

func pairs(m map[any]any) []any {
	out := []any{}
	for key, item := range m {
		out = append(out, []any{encode(key), encode(item)})
	}
	return out
}

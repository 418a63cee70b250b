// Azure's go-amqp, the AMQP 1.0 library under Azure's SDKs for Go, driven by JSON lines: tests/interop/clients/README.md.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/Azure/go-amqp"
)

const patience = 10 * time.Second

type command struct {
	Op           string          `json:"op"`
	Connection   string          `json:"connection"`
	Link         string          `json:"link"`
	URL          string          `json:"url"`
	Container    string          `json:"container"`
	CA           string          `json:"ca"`
	User         string          `json:"user"`
	Password     string          `json:"password"`
	Heartbeat    float64         `json:"heartbeat"`
	Name         string          `json:"name"`
	Address      *string         `json:"address"`
	Capabilities []string        `json:"capabilities"`
	Dynamic      bool            `json:"dynamic"`
	Settle       string          `json:"settle"`
	SenderSettle string          `json:"sender_settle"`
	Durable      uint32          `json:"durable"`
	Expires      string          `json:"expires"`
	Selector     string          `json:"selector"`
	Message      json.RawMessage `json:"message"`
	Settled      bool            `json:"settled"`
	Credit       uint32          `json:"credit"`
	Drain        bool            `json:"drain"`
	Count        int             `json:"count"`
	Timeout      *float64        `json:"timeout"`
	Delivery     int             `json:"delivery"`
	Outcome      string          `json:"outcome"`
	Condition    string          `json:"condition"`
	Description  string          `json:"description"`
	Failed       bool            `json:"failed"`
	Undeliver    bool            `json:"undeliverable"`
	Annotations  []pair          `json:"annotations"`
	Close        *bool           `json:"close"`
	Seconds      float64         `json:"seconds"`
}

type answer map[string]any

type connection struct {
	conn    *amqp.Conn
	session *amqp.Session
}

type sending struct {
	sender  *amqp.Sender
	settled bool
}

type receiving struct {
	receiver   *amqp.Receiver
	unsettled  map[int]*amqp.Message
	deliveries int
}

var (
	connections = map[string]*connection{}
	senders     = map[string]*sending{}
	receivers   = map[string]*receiving{}
)

func (c *command) within() (context.Context, context.CancelFunc) {
	wait := patience
	if c.Timeout != nil {
		wait = time.Duration(*c.Timeout * float64(time.Second))
	}
	return context.WithTimeout(context.Background(), wait)
}

func run(c *command) (answer, error) {
	ctx, cancel := c.within()
	defer cancel()
	switch c.Op {
	case "connect":
		return connect(ctx, c)
	case "close":
		held := connections[c.Connection]
		delete(connections, c.Connection)
		return answer{}, held.conn.Close()
	case "sender":
		return openSender(ctx, c)
	case "receiver":
		return openReceiver(ctx, c)
	case "send":
		return send(ctx, c)
	case "credit":
		return credit(ctx, c)
	case "receive":
		return receive(ctx, c)
	case "settle":
		return settle(ctx, c)
	case "detach":
		return detach(ctx, c)
	case "ended":
		return ended(ctx, c)
	case "idle":
		return idle(c)
	}
	return nil, fmt.Errorf("no operation %s", c.Op)
}

func connect(ctx context.Context, c *command) (answer, error) {
	options := &amqp.ConnOptions{ContainerID: c.Container, SASLType: amqp.SASLTypeAnonymous()}
	if c.User != "" {
		options.SASLType = amqp.SASLTypePlain(c.User, c.Password)
	}
	if c.Heartbeat > 0 {
		options.IdleTimeout = time.Duration(c.Heartbeat * float64(time.Second))
	}
	if c.CA != "" {
		trusted, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(trusted)
		options.TLSConfig = &tls.Config{RootCAs: roots}
	}
	conn, err := amqp.Dial(ctx, c.URL, options)
	if err != nil {
		return nil, err
	}
	session, err := conn.NewSession(ctx, nil)
	if err != nil {
		return nil, err
	}
	connections[c.Connection] = &connection{conn, session}
	return answer{}, nil
}

func openSender(ctx context.Context, c *command) (answer, error) {
	modes := map[string]amqp.SenderSettleMode{
		"unsettled": amqp.SenderSettleModeUnsettled, "settled": amqp.SenderSettleModeSettled, "mixed": amqp.SenderSettleModeMixed, "": amqp.SenderSettleModeMixed,
	}
	mode := modes[c.Settle]
	options := &amqp.SenderOptions{
		Name: c.Name, TargetCapabilities: c.Capabilities, DynamicAddress: c.Dynamic, SettlementMode: &mode,
	}
	address := ""
	if c.Address != nil {
		address = *c.Address
	}
	sender, err := connections[c.Connection].session.NewSender(ctx, address, options)
	if err != nil {
		return nil, err
	}
	senders[c.Link] = &sending{sender, c.Settle == "settled"}
	return answer{"address": sender.Address()}, nil
}

func openReceiver(ctx context.Context, c *command) (answer, error) {
	options := &amqp.ReceiverOptions{
		Name: c.Name, SourceCapabilities: c.Capabilities, DynamicAddress: c.Dynamic, Credit: -1,
		SourceDurability: amqp.Durability(c.Durable),
	}
	if c.Expires == "never" {
		options.SourceExpiryPolicy = amqp.ExpiryPolicyNever
	}
	if c.Selector != "" {
		options.Filters = []amqp.LinkFilter{amqp.NewSelectorFilter(c.Selector)}
	}
	if c.Settle == "second" {
		options.SettlementMode = amqp.ReceiverSettleModeSecond.Ptr()
	}
	if c.SenderSettle == "settled" {
		options.RequestedSenderSettleMode = amqp.SenderSettleModeSettled.Ptr()
	}
	if c.SenderSettle == "unsettled" {
		options.RequestedSenderSettleMode = amqp.SenderSettleModeUnsettled.Ptr()
	}
	address := ""
	if c.Address != nil {
		address = *c.Address
	}
	receiver, err := connections[c.Connection].session.NewReceiver(ctx, address, options)
	if err != nil {
		return nil, err
	}
	receivers[c.Link] = &receiving{receiver: receiver, unsettled: map[int]*amqp.Message{}}
	return answer{"address": receiver.Address()}, nil
}

func send(ctx context.Context, c *command) (answer, error) {
	held := senders[c.Link]
	message, err := toMessage(c.Message)
	if err != nil {
		return nil, err
	}
	if c.Settled || held.settled {
		err := held.sender.Send(ctx, message, &amqp.SendOptions{Settled: c.Settled})
		return answer{"outcome": answer{"outcome": "settled"}}, err
	}
	receipt, err := held.sender.SendWithReceipt(ctx, message, nil)
	if err != nil {
		return nil, err
	}
	state, err := receipt.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return answer{"outcome": outcome(state)}, nil
}

func outcome(state amqp.DeliveryState) answer {
	switch found := state.(type) {
	case *amqp.StateAccepted:
		return answer{"outcome": "accepted"}
	case *amqp.StateReleased:
		return answer{"outcome": "released"}
	case *amqp.StateModified:
		return answer{"outcome": "modified", "failed": found.DeliveryFailed, "undeliverable": found.UndeliverableHere}
	case *amqp.StateRejected:
		if found.Error == nil {
			return answer{"outcome": "rejected", "condition": "", "description": ""}
		}
		return answer{"outcome": "rejected", "condition": string(found.Error.Condition), "description": found.Error.Description}
	}
	return answer{"outcome": fmt.Sprintf("%T", state)}
}

func credit(ctx context.Context, c *command) (answer, error) {
	held := receivers[c.Link]
	if err := held.receiver.IssueCredit(c.Credit); err != nil {
		return nil, err
	}
	if !c.Drain {
		return answer{}, nil
	}
	return answer{}, held.receiver.DrainCredit(ctx, nil)
}

func receive(ctx context.Context, c *command) (answer, error) {
	held := receivers[c.Link]
	if c.Count == 0 {
		c.Count = 1
	}
	taken := []answer{}
	for len(taken) < c.Count {
		message := held.receiver.Prefetched()
		if message == nil {
			var err error
			message, err = held.receiver.Receive(ctx, nil)
			if errors.Is(err, context.DeadlineExceeded) {
				break
			}
			if err != nil {
				return nil, err
			}
		}
		held.deliveries++
		held.unsettled[held.deliveries] = message
		found, err := fromMessage(message)
		if err != nil {
			return nil, err
		}
		found["delivery"] = held.deliveries
		taken = append(taken, found)
	}
	return answer{"messages": taken}, nil
}

func settle(ctx context.Context, c *command) (answer, error) {
	held := receivers[c.Link]
	message := held.unsettled[c.Delivery]
	delete(held.unsettled, c.Delivery)
	switch c.Outcome {
	case "accepted":
		return answer{}, held.receiver.AcceptMessage(ctx, message)
	case "released":
		return answer{}, held.receiver.ReleaseMessage(ctx, message)
	case "rejected":
		var why *amqp.Error
		if c.Condition != "" {
			why = &amqp.Error{Condition: amqp.ErrCond(c.Condition), Description: c.Description}
		}
		return answer{}, held.receiver.RejectMessage(ctx, message, why)
	}
	annotations, err := annotationsOf(c.Annotations)
	if err != nil {
		return nil, err
	}
	return answer{}, held.receiver.ModifyMessage(ctx, message, &amqp.ModifyMessageOptions{
		DeliveryFailed: c.Failed, UndeliverableHere: c.Undeliver, Annotations: annotations,
	})
}

func detach(ctx context.Context, c *command) (answer, error) {
	if c.Close != nil && !*c.Close {
		return nil, errors.New("go-amqp always closes a link")
	}
	if held, ok := senders[c.Link]; ok {
		delete(senders, c.Link)
		return answer{}, held.sender.Close(ctx)
	}
	held := receivers[c.Link]
	delete(receivers, c.Link)
	return answer{}, held.receiver.Close(ctx)
}

func ended(ctx context.Context, c *command) (answer, error) {
	var err error
	if held, ok := receivers[c.Link]; ok {
		_, err = held.receiver.Receive(ctx, nil)
	} else if held, ok := senders[c.Link]; ok {
		// A sender tells only when it is used.
		for err == nil && ctx.Err() == nil {
			err = held.sender.Send(ctx, amqp.NewMessage(nil), nil)
		}
	} else {
		select {
		case <-connections[c.Connection].conn.Done():
			err = connections[c.Connection].conn.Err()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if found := remote(err); found != nil {
		return answer{"condition": string(found.Condition), "description": found.Description}, nil
	}
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		return nil, errors.New("the peer did not end it")
	}
	return answer{"condition": "client", "description": err.Error()}, nil
}

func idle(c *command) (answer, error) {
	select {
	case <-connections[c.Connection].conn.Done():
		return nil, connections[c.Connection].conn.Err()
	case <-time.After(time.Duration(c.Seconds * float64(time.Second))):
		return answer{}, nil
	}
}

// remote finds what the peer said in an error of the library.
func remote(err error) *amqp.Error {
	var direct *amqp.Error
	if errors.As(err, &direct) {
		return direct
	}
	var link *amqp.LinkError
	if errors.As(err, &link) && link.RemoteErr != nil {
		return link.RemoteErr
	}
	var conn *amqp.ConnError
	if errors.As(err, &conn) && conn.RemoteErr != nil {
		return conn.RemoteErr
	}
	return nil
}

func failed(err error) answer {
	if found := remote(err); found != nil {
		return answer{"error": answer{"condition": string(found.Condition), "description": found.Description}}
	}
	return answer{"error": answer{"condition": "client", "description": err.Error()}}
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			panic(err)
		}
		result, err := run(&c)
		if err != nil {
			result = failed(err)
		}
		if err := out.Encode(result); err != nil {
			return
		}
	}
}
